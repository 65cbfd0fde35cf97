import { dataSlice } from "ethers";
import { Command } from "commander";
import { pino } from "pino";
import { measureEnclave, type MeasuredEnclave } from "../../../worker/attested/measure-enclave.ts";
import { readWorkerConfig } from "../../../worker/config.ts";
import { withJsonOption } from "../../json-option.ts";
import { printResult } from "../../output.ts";

const NITRO_REGISTERS = ["PCR0", "PCR1", "PCR2"] as const;
const TDX_REGISTERS = ["MRTD", "RTMR0", "RTMR1", "RTMR2", "RTMR3"] as const;
const REGISTER_BYTES = 48;

export function measurementCommand(): Command {
  const command = new Command("measurement")
    .description("Show what the enclave of a worker's configuration is: what governance approves")
    .requiredOption("--config <file>", "worker configuration (see docs/serve-a-language-model.md)");
  return withJsonOption(command).action(
    async ({ config, json }: { readonly config: string; readonly json: boolean }) => {
      const log = pino({ level: "silent" });
      const measured = await measureEnclave(await readWorkerConfig(config), log);
      printResult(json, { object: measured, lines: linesOf(measured) });
    },
  );
}

function linesOf({ kind, measurementId, registers, models }: MeasuredEnclave): readonly string[] {
  const names = kind === "Tdx" || kind === "TdxSim" ? TDX_REGISTERS : NITRO_REGISTERS;
  return [
    `measurement ${measurementId}`,
    `kind        ${kind}`,
    ...names.map((name, i) => {
      const start = i * REGISTER_BYTES;
      return `${name.padEnd(11)} ${dataSlice(registers, start, start + REGISTER_BYTES)}`;
    }),
    ...models.map(
      ({ modelId, name, runtime, device }) =>
        `model       ${modelId} ${name}, ${runtime} on ${device}`,
    ),
    "",
    "To have it approved, keep what this command prints with --json: opg attest approve FILE",
  ];
}
