import { once } from "node:events";
import process from "node:process";
import { Command } from "commander";
import { pino } from "pino";
import { readWorkerConfig } from "../../../worker/config.ts";
import { WorkerEvents } from "../../../worker/events.ts";
import { logEvents } from "../../../worker/log-events.ts";
import { startWorker } from "../../../worker/worker.ts";
import { keyPassword } from "../../chain-options.ts";

export function startCommand(): Command {
  return new Command("start")
    .description("Serve requests until stopped (Ctrl+C); what is under way goes on next time")
    .requiredOption("--config <file>", "worker configuration (see docs/run-a-node.md)")
    .option("--log-level <level>", "trace, debug, info, warn, error", "info")
    .action(async ({ config: file, logLevel }: { config: string; logLevel: string }) => {
      const log = pino({ level: logLevel });
      const config = await readWorkerConfig(file);
      const password = keyPassword();
      const events = new WorkerEvents();
      logEvents(events, log);
      const worker = await startWorker(config, {
        ...{ log, events },
        ...(password !== undefined && { password }),
      });
      const { account, modelIds, enclave, gatewayUrl } = worker;
      const models = enclave?.models.map(({ name, runtime, device }) => ({
        name,
        runtime,
        device,
      }));
      log.info(
        {
          ...{ account, operator: config.operator, modelIds, enclave: enclave?.kind, models },
          gateway: gatewayUrl,
        },
        "The node serves requests.",
      );
      await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
      log.info("Stopping.");
      await worker.stop();
    });
}
