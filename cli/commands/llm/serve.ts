import { once } from "node:events";
import process from "node:process";
import { serve } from "@hono/node-server";
import { Command } from "commander";
import { createChatGateway } from "../../../worker/gateway/chat-completions.ts";
import type { Runtime } from "../../../worker/runtimes/runtime.ts";
import { integerBetween } from "../../arguments.ts";
import { OpenGradientError } from "../../../sdk/errors.ts";
import { explainFailure } from "../../failure.ts";
import { print } from "../../output.ts";
import { openRuntime, withRuntimeOptions, type RuntimeOptions } from "../../runtime-options.ts";

interface Options extends RuntimeOptions {
  readonly port: number;
  readonly host: string;
}

export function serveCommand(): Command {
  const command = new Command("serve")
    .description(
      "Serve language models to OpenAI's clients until stopped (Ctrl+C), without payment",
    )
    .argument("<folders...>", "packages")
    .option("--port <n>", "port to listen on; 0 for any", integerBetween(0, 65_535), 8_080)
    .option("--host <address>", "address to listen on", "127.0.0.1");
  return withRuntimeOptions(command).action(async (folders: string[], options: Options) => {
    const runtimes: Runtime[] = [];
    try {
      for (const folder of folders) runtimes.push(await openRuntime(folder, options));
      requireDistinctNames(runtimes);
      await serveUntilStopped(runtimes, options);
    } finally {
      await Promise.all(runtimes.map((runtime) => runtime.close()));
    }
  });
}

/** Clients choose a model by its name: of two with the same, they could not know which answers. */
function requireDistinctNames(runtimes: readonly Runtime[]): void {
  const names = runtimes.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated === undefined) return;
  throw new OpenGradientError(
    "CONFIG_INVALID",
    `Two of the models are called "${repeated}".`,
    "Serve one of them, or each on a port of its own.",
  );
}

async function serveUntilStopped(
  runtimes: readonly Runtime[],
  { port, host: hostname }: Options,
): Promise<void> {
  const { fetch } = createChatGateway(runtimes, {
    onFailure: (error) => process.stderr.write(explainFailure(error)),
  });
  const server = serve({ fetch, port, hostname }, (address) => {
    for (const { name, device } of runtimes) print(`${name} on ${device}`);
    print(`http://${hostname}:${address.port}/v1`);
  });
  const failure = once(server, "error").then(([cause]: unknown[]) => {
    throw new OpenGradientError(
      "CONFIG_INVALID",
      `Nobody can listen on ${hostname}:${port}: ${cause instanceof Error ? cause.message : ""}`,
      "Name an address of this machine, and a port that is free.",
      { cause },
    );
  });
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM"), failure]);
  server.close();
}
