import process from "node:process";
import { text as readStream } from "node:stream/consumers";
import { Command } from "commander";
import { openChain } from "../../../sdk/chain.ts";
import type { InclusionProof } from "../../../sdk/client/inclusion.ts";
import { receiptAccess } from "../../../sdk/client/receipt-access.ts";
import { findReceipt } from "../../../sdk/client/find-receipt.ts";
import type { ReceiptCheck } from "../../../sdk/client/receipt-fault.ts";
import type { Receipt } from "../../../sdk/client/receipt.ts";
import { readDeployment } from "../../../sdk/deployment.ts";
import { OpenGradientError } from "../../../sdk/errors.ts";
import { checkObject, receiptLines, withTrustOptions } from "../../client-options.ts";
import { readInputFile } from "../../files.ts";
import { withJsonOption } from "../../json-option.ts";
import { printResult } from "../../output.ts";

/** Exit code of a receipt that was checked and does not hold; 1 says that it could not be checked. */
const DOES_NOT_HOLD = 2;

interface Options {
  readonly rpc: string;
  readonly deployment: string;
  readonly measurement?: string[];
  readonly url?: string;
  readonly inclusion: boolean;
  readonly json: boolean;
}

/** Everything that was found out. */
interface Verdict {
  readonly receipt: Receipt;
  readonly checks: readonly ReceiptCheck[];
  readonly inclusion: InclusionProof | OpenGradientError | undefined;
  readonly holds: boolean;
}

export function verifyCommand(): Command {
  const command = new Command("verify")
    .description(
      "Check a receipt by itself, against the chain as it is now, and in its batch;\n" +
        "exit code 0 if it holds, 2 if not",
    )
    .argument(
      "<file>",
      "receipt as opg infer and opg chat write it, a node's answer with its receipt, or - for stdin",
    )
    .option("--url <url>", "node to ask for what is not in the file")
    .option("--inclusion", "fail if the chain has no batch with it", false);
  return withJsonOption(withTrustOptions(command)).action(verify);
}

async function verify(file: string, options: Options): Promise<void> {
  const content = file === "-" ? await readStream(process.stdin) : await textOf(file);
  const deployment = await readDeployment(options.deployment);
  const found = findReceipt(content, options.url);
  const provider = await openChain({ rpcUrl: options.rpc, deployment });
  try {
    const { measurement: measurements } = options;
    const trust = measurements === undefined ? {} : { measurements };
    const receipt = found(receiptAccess({ deployment, provider, trust }));
    const verdict = await verdictOf(receipt, options);
    printResult(options.json, { object: objectOf(verdict), lines: linesOf(verdict) });
    if (!verdict.holds) process.exitCode = DOES_NOT_HOLD;
  } finally {
    provider.destroy();
  }
}

async function textOf(file: string): Promise<string> {
  return new TextDecoder().decode(await readInputFile(file));
}

async function verdictOf(receipt: Receipt, { inclusion: isWanted }: Options): Promise<Verdict> {
  const checks = await receipt.check();
  const inclusion = await receipt.proveInclusion().catch((error: unknown) => {
    if (error instanceof OpenGradientError) return error;
    throw error;
  });
  const isIncluded = !(inclusion instanceof OpenGradientError);
  const isRejected = isIncluded && ["Rejected", "Closed", "Voided"].includes(inclusion.status);
  const holds =
    checks.every(({ holds: each }) => each !== false) && !isRejected && (isIncluded || !isWanted);
  return { receipt, checks, inclusion, holds };
}

function objectOf({ receipt, checks, inclusion, holds }: Verdict): object {
  return {
    holds,
    requestId: receipt.requestId,
    checks: checks.map(checkObject),
    inclusion: inclusion instanceof OpenGradientError ? null : inclusionObject(inclusion),
  };
}

function inclusionObject(inclusion: InclusionProof | undefined): object | null {
  if (inclusion === undefined) return null;
  const { batchId, head, leaf, index, path, status, deadline, isSettled, source } = inclusion;
  return {
    batchId,
    head,
    leaf,
    index,
    path,
    status,
    deadline: Number(deadline),
    isSettled,
    source,
  };
}

function linesOf({ receipt, checks, inclusion, holds }: Verdict): string[] {
  return [
    ...checks.map(checkLine),
    inclusionLine(inclusion),
    "",
    ...receiptLines(receipt).slice(0, 3),
    "",
    `The receipt ${holds ? "holds" : "does NOT hold"}.`,
  ];
}

function checkLine({ check, holds, detail }: ReceiptCheck): string {
  const mark = holds === undefined ? " ? " : holds ? "yes" : "NO ";
  return `${mark}  ${check.padEnd(11)} ${detail}`;
}

function inclusionLine(inclusion: Verdict["inclusion"]): string {
  const name = "inclusion".padEnd(11);
  if (inclusion === undefined || inclusion instanceof OpenGradientError)
    return ` ?   ${name} ${inclusion?.message ?? "not looked for"}`;
  const { status, index, batchId, isSettled } = inclusion;
  const mark = isSettled || status === "Committed" ? "yes" : "NO ";
  return `${mark}  ${name} ${status}: number ${index} of batch ${batchId}`;
}
