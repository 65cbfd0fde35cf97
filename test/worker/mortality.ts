import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

const PROGRAMS = path.resolve(import.meta.dirname, "../../worker/testing");

/** Runs a worker that dies at a moment; returns the signal that ended it. */
export async function runUntilKilled(
  configuration: string,
  moment: string,
  program: "mortal-worker.ts" | "mortal-node.ts" | "mortal-verifier.ts" = "mortal-worker.ts",
): Promise<string | null> {
  const file = path.join(PROGRAMS, program);
  const child = spawn(process.execPath, ["--import", "tsx", file, configuration, moment], {
    stdio: "ignore",
  });
  // What is not killed within a minute never reaches the moment.
  const giveUp = setTimeout(() => child.kill("SIGTERM"), 60_000);
  const [, signal] = (await once(child, "exit")) as [number | null, string | null];
  clearTimeout(giveUp);
  return signal;
}
