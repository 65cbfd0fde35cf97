import { once } from "node:events";
import process from "node:process";
import { Command, Option } from "commander";
import { pino, type Logger } from "pino";
import { readWorkerConfig } from "../../../worker/config.ts";
import { WorkerEvents } from "../../../worker/events.ts";
import { logEvents } from "../../../worker/log-events.ts";
import { readVerifierConfig } from "../../../worker/verifier/config.ts";
import { startVerifier } from "../../../worker/verifier/start-verifier.ts";
import { startWorker } from "../../../worker/worker.ts";
import { keyPassword } from "../../chain-options.ts";

interface Options {
  readonly config: string;
  readonly role: "inference" | "verifier";
  readonly logLevel: string;
}

/** A node that was started. */
interface Started {
  readonly stop: () => Promise<void>;
}

export function startCommand(): Command {
  return new Command("start")
    .description("Serve requests until stopped (Ctrl+C); what is under way goes on next time")
    .requiredOption(
      "--config <file>",
      "configuration (see docs/run-a-node.md, docs/run-a-verifier.md)",
    )
    .addOption(
      new Option("--role <name>", "what the node does")
        .choices(["inference", "verifier"])
        .default("inference"),
    )
    .option("--log-level <level>", "trace, debug, info, warn, error", "info")
    .action(async ({ config, role, logLevel }: Options) => {
      const log = pino({ level: logLevel });
      const start = role === "verifier" ? verify : serve;
      const node = await start(config, log);
      await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
      log.info("Stopping.");
      await node.stop();
    });
}

async function serve(file: string, log: Logger): Promise<Started> {
  const config = await readWorkerConfig(file);
  const worker = await startWorker(config, dependencies(log));
  const { account, modelIds, enclave, gatewayUrl: gateway } = worker;
  const models = enclave?.models.map(({ name, runtime, device }) => ({
    name,
    runtime,
    device,
  }));
  log.info(
    { account, operator: config.operator, modelIds, enclave: enclave?.kind, models, gateway },
    "The node serves requests.",
  );
  return worker;
}

async function verify(file: string, log: Logger): Promise<Started> {
  const config = await readVerifierConfig(file);
  const verifier = await startVerifier(config, dependencies(log));
  const { account, modelIds } = verifier;
  log.info({ account, operator: config.operator, modelIds }, "The node verifies batches.");
  return verifier;
}

function dependencies(log: Logger) {
  const password = keyPassword();
  const events = new WorkerEvents();
  logEvents(events, log);
  return { log, events, ...(password !== undefined && { password }) };
}
