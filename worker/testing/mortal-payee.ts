/**
 * A paid node in a process of its own that says where it serves, and kills itself, without any chance to clean up, as soon as a given
 * event happens: a transaction's purpose and phase, or "computed".
 *
 * Run: tsx mortal-payee.ts <options, in JSON> <event>
 */
import process from "node:process";
import { z } from "zod";
import type { Deployment } from "../../sdk/deployment.ts";
import { WorkerEvents } from "../events.ts";
import { startPaidNode } from "./paid-node.ts";

const [, , text = "", fatal = ""] = process.argv;

const optionsSchema = z.object({
  rpcUrl: z.string(),
  // Without its chain's id, which JSON has no number for.
  deployment: z.custom<Omit<Deployment, "chainId">>(),
  chainId: z.coerce.bigint(),
  privateKey: z.string(),
  operator: z.string(),
  folder: z.string(),
  payments: z.unknown(),
});

function dieAt(event: string): void {
  if (event === fatal) process.kill(process.pid, "SIGKILL");
}

const events = new WorkerEvents();
events.on("transaction", ({ purpose, phase }) => {
  dieAt(`${purpose} ${phase}`);
});
const onCompute = () => {
  dieAt("computed");
  return Promise.resolve();
};
const { deployment, chainId, ...options } = optionsSchema.parse(JSON.parse(text));
const placed = { ...deployment, chainId };
const { url } = await startPaidNode({ ...options, deployment: placed, events, onCompute });
process.stdout.write(`${url}\n`);
