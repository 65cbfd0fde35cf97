/**
 * A host in a process of its own that starts an enclave, says which, and waits to be killed.
 *
 * Run: tsx mortal-host.ts <configuration, in JSON>
 */
import process from "node:process";
import pino from "pino";
import { startEnclaveProcess, type EnclaveProcessConfig } from "../attested/enclave-process.ts";

// Like a worker that has work to finish.
process.on("SIGINT", () => process.stdout.write("interrupted\n"));

const config = JSON.parse(process.argv[2] ?? "") as EnclaveProcessConfig;
const { pid, url } = await startEnclaveProcess({ config, log: pino({ level: "silent" }) });
process.stdout.write(`${JSON.stringify({ pid, url })}\n`);
