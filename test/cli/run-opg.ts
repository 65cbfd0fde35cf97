import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

const OPG = path.resolve(import.meta.dirname, "../../cli/opg.ts");

/** How a command ended. */
export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `opg` in a process of its own, in a folder. */
export async function runOpg(folder: string, ...args: readonly string[]): Promise<CommandResult> {
  const { child, output } = startOpg(folder, ...args);
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { exitCode, ...output };
}

/** Starts `opg` and collects what it writes. */
export function startOpg(
  folder: string,
  ...args: readonly string[]
): { child: ChildProcess; output: { stdout: string; stderr: string } } {
  const tsx = import.meta.resolve("tsx");
  const child = spawn(process.execPath, ["--import", tsx, OPG, ...args], { cwd: folder });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  return { child, output };
}
