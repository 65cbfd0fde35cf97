import type { PGlite } from "@electric-sql/pglite";
import { keccak256, ZeroHash, type Wallet } from "ethers";
import { directRequestId } from "../../sdk/direct-request.ts";
import { itemisedFee } from "../../sdk/price-quote.ts";
import { signReceipt, type InferenceReceipt, type Settlement } from "../../sdk/receipt.ts";
import { writeAlongside } from "../receipts/alongside.ts";
import type {
  DirectAnswer,
  DirectOffer,
  DirectOrder,
  DirectRecord,
} from "../receipts/direct-answer.ts";
import type { AnswerOptions, DirectDesk } from "../receipts/direct-desk.ts";

export interface EchoDeskOptions {
  readonly database: PGlite;
  readonly settlement: Settlement;
  /** Signs receipts. */
  readonly wallet: Wallet;
  readonly offers: readonly DirectOffer[];
  /** Called before an answer is computed: may take its time, or fail. */
  readonly onCompute?: (input: Uint8Array) => Promise<void>;
}

/** Most bytes that an echo has. */
const MAX_OUTPUT_UNITS = 64n;

/**
 * Answers with what was asked, at most 64 bytes of it: units are bytes. Its receipts are signed and journalled like real ones, in one
 * database transaction with what is charged.
 */
export async function createEchoDesk(options: EchoDeskOptions): Promise<DirectDesk> {
  const { database, offers } = options;
  await database.exec(
    `CREATE TABLE IF NOT EXISTS echoes
       (request_id text PRIMARY KEY, seq bigserial, receipt text, signature text, output bytea)`,
  );
  const underWay = new Map<string, Promise<unknown>>();
  return {
    offers,
    measure: (_offer, _form, input) =>
      Promise.resolve({ inputUnits: BigInt(input.length), outputUnits: MAX_OUTPUT_UNITS }),
    answer: async (_offer, order, answerOptions) => {
      const requestId = directRequestId(options.settlement, order.request);
      const before = underWay.get(requestId) ?? Promise.resolve();
      const answered = before
        .catch(() => undefined)
        .then(() => answer(options, { order, requestId, answerOptions }));
      underWay.set(requestId, answered);
      return answered;
    },
  };
}

interface EchoOrder {
  readonly order: DirectOrder;
  readonly requestId: string;
  readonly answerOptions: AnswerOptions | undefined;
}

async function answer(options: EchoDeskOptions, echo: EchoOrder): Promise<DirectAnswer> {
  const { database, onCompute } = options;
  const { order, requestId, answerOptions } = echo;
  const known = await find(options, echo);
  if (known !== undefined) return { record: known, isRepeated: true };
  await onCompute?.(order.input);
  const output = order.input.slice(0, Number(MAX_OUTPUT_UNITS));
  answerOptions?.onText?.(new TextDecoder().decode(output));
  const record = await database.transaction(async (within) => {
    const { rows } = await within.query<{ seq: number }>(
      "INSERT INTO echoes (request_id, output) VALUES ($1, $2) RETURNING seq::int",
      [requestId, output],
    );
    const signed = await sign(options, echo, { output, seq: BigInt(rows[0]?.seq ?? 0) });
    await within.query("UPDATE echoes SET receipt = $2, signature = $3 WHERE request_id = $1", [
      ...[requestId, encode(signed.receipt), signed.signature],
    ]);
    await writeAlongside(within, answerOptions?.alongside, signed);
    return signed;
  });
  return { record, isRepeated: false };
}

async function sign(
  { settlement, wallet }: EchoDeskOptions,
  { order, requestId }: EchoOrder,
  { output, seq }: { readonly output: Uint8Array; readonly seq: bigint },
): Promise<DirectRecord> {
  const { request, quote, input } = order;
  const { modelId, payer, node, tier, inputHash } = request;
  const units = { inputUnits: BigInt(input.length), outputUnits: BigInt(output.length) };
  const now = BigInt(Math.floor(Date.now() / 1_000));
  const receipt: InferenceReceipt = {
    ...{ modelId, requestId, payer, node, tier, inputHash, ...units },
    outputHash: keccak256(output),
    fee: itemisedFee(quote, units).total,
    ...{ startedAt: now, completedAt: now, seq, evidenceHash: ZeroHash },
  };
  const signature = await signReceipt(settlement, wallet, receipt);
  return { signer: wallet.address, request, quote, receipt, signature, input, output };
}

async function find(
  { database, wallet }: EchoDeskOptions,
  { order: { request, quote, input }, requestId }: EchoOrder,
): Promise<DirectRecord | undefined> {
  const { rows } = await database.query<{ receipt: string; signature: string; output: Uint8Array }>(
    "SELECT receipt, signature, output FROM echoes WHERE request_id = $1",
    [requestId],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { signature, output } = row;
  const receipt = decode(row.receipt);
  return { signer: wallet.address, request, quote, receipt, signature, input, output };
}

function encode(receipt: InferenceReceipt): string {
  return JSON.stringify(receipt, (_key, value: unknown) =>
    typeof value === "bigint" ? `${value}n` : value,
  );
}

function decode(text: string): InferenceReceipt {
  return JSON.parse(text, (_key, value: unknown) =>
    typeof value === "string" && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  ) as InferenceReceipt;
}
