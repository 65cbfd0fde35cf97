import { Command } from "commander";
import type { JsonRpcProvider } from "ethers";
import { z } from "zod";
import { readAccount } from "../../../sdk/account.ts";
import {
  approvalCalls,
  approveMeasurement,
  type MeasurementProposal,
} from "../../../sdk/actions/approve-measurement.ts";
import { openChain } from "../../../sdk/chain.ts";
import { readDeployment } from "../../../sdk/deployment.ts";
import {
  measurementId,
  MEASUREMENT_KINDS,
  type MeasurementKindName,
} from "../../../sdk/enclave.ts";
import { OpenGradientError } from "../../../sdk/errors.ts";
import { bytes32 } from "../../arguments.ts";
import { keyPassword } from "../../chain-options.ts";
import { unixTime } from "../../attestation/time.ts";
import { readInputFile } from "../../files.ts";
import { withJsonOption } from "../../json-option.ts";
import { printResult, printStep } from "../../output.ts";

interface Options {
  readonly rpc: string;
  readonly deployment: string;
  readonly key?: string;
  readonly anyModel: boolean;
  readonly sourceCommit?: string;
  readonly imageDigest?: string;
  readonly from?: number;
  readonly until?: number;
  readonly json: boolean;
}

const TIMES = "seconds since 1970, or 2026-02-12T17:56:02Z";

const bytes = z.string().regex(/^0x([0-9a-f]{2})+$/, "is not 0x-prefixed lower-case hex");

const measuredSchema = z.object({
  kind: z.enum(Object.keys(MEASUREMENT_KINDS) as MeasurementKindName[]),
  measurementId: bytes,
  registers: bytes,
  models: z.array(z.object({ modelId: bytes.length(66, "is not 32 bytes") })),
});

export function approveCommand(): Command {
  const command = new Command("approve")
    .description(
      "Have governance trust an enclave's code: send the calls, or show them for a proposal",
    )
    .argument("<file>", "what opg attest measurement --json has printed")
    .requiredOption("--rpc <url>", "JSON-RPC node of the deployment's chain")
    .requiredOption("--deployment <file>", "deployment file")
    .option(
      "--key <file>",
      "key file of an account that governs without delay; without it the calls are shown, and nothing is sent",
    )
    .option(
      "--any-model",
      "let the code answer for every model, not only for those in the file",
      false,
    )
    .option("--source-commit <hash>", "commit of the source, 32 bytes, zeros at the end", bytes32)
    .option("--image-digest <hash>", "digest of the image", bytes32)
    .option("--from <time>", `from when it is trusted: ${TIMES}`, unixTime)
    .option("--until <time>", `from when it is not trusted any more: ${TIMES}`, unixTime);
  return withJsonOption(command).action(async (file: string, options: Options) => {
    const proposal = await readProposal(file, options);
    const deployment = await readDeployment(options.deployment);
    const provider = await openChain({ rpcUrl: options.rpc, deployment });
    try {
      await (options.key === undefined
        ? show(options, await approvalCalls(deployment, provider, proposal))
        : approve(proposal, { ...options, key: options.key, provider }));
    } finally {
      provider.destroy();
    }
  });
}

async function approve(
  proposal: MeasurementProposal,
  { key, json, provider, deployment: file }: Options & { key: string; provider: JsonRpcProvider },
): Promise<void> {
  const account = (await readAccount(key, keyPassword())).connect(provider);
  const deployment = await readDeployment(file);
  await approveMeasurement(deployment, account, proposal, json ? undefined : printStep);
  const id = measurementId(proposal.kind, proposal.registers);
  printResult(json, { object: { measurementId: id }, lines: [`trusted: measurement ${id}`] });
}

function show({ json }: Options, calls: Awaited<ReturnType<typeof approvalCalls>>): Promise<void> {
  const lines = calls.flatMap(({ what, to, data }) => [what, `  to   ${to}`, `  data ${data}`]);
  printResult(json, {
    object: { calls },
    lines: calls.length === 0 ? ["There is nothing left to approve."] : lines,
  });
  return Promise.resolve();
}

async function readProposal(file: string, options: Options): Promise<MeasurementProposal> {
  const { anyModel, sourceCommit, imageDigest, from, until } = options;
  const { kind, registers, models } = parseMeasured(file, await readInputFile(file));
  return {
    kind,
    registers,
    models: anyModel ? "any" : models.map(({ modelId }) => modelId),
    ...(sourceCommit !== undefined && { sourceCommit }),
    ...(imageDigest !== undefined && { imageDigest }),
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
  };
}

/** @throws OpenGradientError `MEASUREMENT_INVALID`. */
function parseMeasured(file: string, content: Uint8Array): z.output<typeof measuredSchema> {
  try {
    const measured = measuredSchema.parse(JSON.parse(new TextDecoder().decode(content)));
    if (measurementId(measured.kind, measured.registers) === measured.measurementId)
      return measured;
    throw new Error("the identifier is not that of the registers");
  } catch (cause) {
    throw new OpenGradientError(
      "MEASUREMENT_INVALID",
      `"${file}" is not what opg attest measurement --json prints.`,
      "Make it with that command, and change nothing in it.",
      { cause },
    );
  }
}
