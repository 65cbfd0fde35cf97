import { keccak256, recoverAddress, Signature, ZeroAddress, ZeroHash } from "ethers";
import type { Logger } from "pino";
import type { DirectForm, DirectOffer, DirectOrder, DirectRecord } from "../direct-answer.ts";
import type { EnclaveOrders, PlacedOrder } from "../enclave-orders.ts";
import type { ComputeOptions, DirectEngine, EngineAnswer } from "../engine.ts";
import type { ReceiptJournal } from "../receipt-journal.ts";
import type { EnclaveKeeper, Standing } from "../../attested/enclave-keeper.ts";
import type { InferAnswer, InferRequest } from "../../enclave/protocol.ts";
import type { LanguageModel } from "../../models/served-models.ts";
import { directRequestId } from "../../../sdk/direct-request.ts";
import { OpenGradientError, type ErrorCode } from "../../../sdk/errors.ts";
import type { Usage } from "../../../sdk/price-quote.ts";
import { attestedReceipt, receiptDigest, type Settlement } from "../../../sdk/receipt.ts";

type Attested = Extract<Standing, { kind: "attested" }>;

export interface AttestedEngineOptions {
  /** By offer. */
  readonly models: ReadonlyMap<DirectOffer, LanguageModel>;
  readonly keeper: Pick<EnclaveKeeper, "standing">;
  readonly orders: EnclaveOrders;
  readonly journal: Pick<ReceiptJournal, "add">;
  /** The ledger that receipts are for. */
  readonly settlement: Settlement;
  /** The operator. */
  readonly node: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** After these nobody knows whether the enclave has signed an answer. */
const UNCERTAIN: readonly ErrorCode[] = ["ENCLAVE_UNREACHABLE", "ENCLAVE_FAILED"];

/**
 * Answers of the node's enclave, which signs them itself.
 *
 * An order is in the journal before the enclave sees it. So an answer that was signed and did not come here, because this process
 * was killed or the connection broke, is asked for again: the enclave's numbers have no gap as long as the enclave lives.
 */
export class AttestedEngine implements DirectEngine {
  readonly offers: readonly DirectOffer[];
  readonly #options: AttestedEngineOptions;
  readonly #underWay = new Set<string>();

  constructor(options: AttestedEngineOptions) {
    this.#options = options;
    this.offers = [...options.models.keys()];
  }

  measure(offer: DirectOffer, _form: DirectForm, input: Uint8Array): Promise<Usage> {
    const { settlement, node, signal } = this.#options;
    return Promise.resolve().then(() => {
      const { enclave, record } = this.#standing();
      const { publisher } = this.#modelOf(offer);
      const claim = { modelId: offer.modelId, requestId: ZeroHash, node, publisher };
      const nobodys = { payer: ZeroAddress, fee: 0n, notBefore: record.from };
      return enclave.measure({ settlement, claim, ...nobodys, input }, signal);
    });
  }

  /** Whoever asked may go away: what was begun is brought to its end. */
  async compute(
    offer: DirectOffer,
    wanted: DirectOrder,
    { onText }: ComputeOptions,
  ): Promise<EngineAnswer> {
    const { settlement, orders } = this.#options;
    const standing = this.#standing();
    const key = standing.identity.address;
    const requestId = directRequestId(settlement, wanted.request);
    this.#underWay.add(requestId);
    try {
      const order = await orders.place({ requestId, key, order: wanted });
      const question = this.#questionOf(this.#modelOf(offer), { requestId, order, standing });
      const said = await this.#ask(question, standing, onText);
      const record = this.#recordOf({ requestId, key, order }, said);
      requireAffordable(record, wanted);
      return { kind: "signed", record };
    } finally {
      this.#underWay.delete(requestId);
    }
  }

  /** Journals what an enclave has signed and nobody has heard, and forgets what it has not. */
  async recover(): Promise<void> {
    const { standing } = this.#options.keeper;
    if (standing.kind !== "attested") return;
    for (const placed of await this.#options.orders.all())
      if (!this.#underWay.has(placed.requestId)) await this.#recover(placed, standing);
  }

  async #recover(placed: PlacedOrder, standing: Attested): Promise<void> {
    const { orders, journal, log, signal } = this.#options;
    const { requestId, key, order } = placed;
    const model = [...this.#options.models].find(
      ([{ modelId }]) => modelId === order.request.modelId,
    )?.[1];
    // What another enclave knew is gone with it.
    const said =
      key === standing.identity.address && model !== undefined
        ? await standing.enclave.recall(
            this.#questionOf(model, { requestId, order, standing }),
            signal,
          )
        : undefined;
    if (said === undefined) return orders.remove(requestId);
    await journal.add(this.#recordOf(placed, said));
    log.warn({ requestId }, "An answer that was signed before this node noted it is noted now.");
  }

  async #ask(
    question: InferRequest,
    { enclave }: Attested,
    onText: ((piece: string) => void) | undefined,
  ): Promise<InferAnswer> {
    const { signal, orders } = this.#options;
    try {
      return onText === undefined
        ? await enclave.infer(question, signal)
        : await enclave.stream(question, onText, signal);
    } catch (error) {
      if (error instanceof OpenGradientError && !UNCERTAIN.includes(error.code))
        await orders.remove(question.claim.requestId);
      throw error;
    }
  }

  #standing(): Attested {
    const { standing } = this.#options.keeper;
    const now = BigInt(Math.floor(Date.now() / 1_000));
    if (standing.kind === "attested" && standing.record.until > now) return standing;
    const reason = standing.kind === "attested" ? "its key has expired" : standing.reason;
    throw new OpenGradientError(
      "ENCLAVE_UNAVAILABLE",
      `No enclave can answer now: ${reason}.`,
      "Ask again in a moment, or in another tier.",
    );
  }

  #questionOf(
    { publisher }: LanguageModel,
    {
      requestId,
      order: { request, quote, input, maxFee },
      standing,
    }: {
      readonly requestId: string;
      readonly order: DirectOrder;
      readonly standing: Attested;
    },
  ): InferRequest {
    const { settlement, node } = this.#options;
    const { modelId, payer, nonce } = request;
    const { base, perInputUnit, perOutputUnit } = quote;
    return {
      settlement,
      claim: { modelId, requestId, node, publisher },
      payer,
      fee: maxFee,
      direct: { base, perInputUnit, perOutputUnit, nonce },
      notBefore: standing.record.from,
      input,
    };
  }

  /** @throws OpenGradientError `ENCLAVE_UNTRUSTED` if the receipt is not the enclave's, whatever it says. */
  #recordOf(
    { requestId, key, order }: PlacedOrder,
    { output, statement, signature, finishReason }: InferAnswer,
  ): DirectRecord {
    const { settlement, node } = this.#options;
    const { request, quote, input } = order;
    const claim = { modelId: request.modelId, requestId, node, inputHash: keccak256(input) };
    const receipt = attestedReceipt({ claim, output, statement });
    const signer = recoverAddress(receiptDigest(settlement, receipt), Signature.from(signature));
    if (signer === key)
      return { signer, request, quote, receipt, signature, input, output, finishReason };
    throw new OpenGradientError(
      "ENCLAVE_UNTRUSTED",
      `The receipt of request ${requestId} is signed by ${signer}, not by the enclave's key ${key}.`,
      "Check that host and enclave run the same version.",
    );
  }

  #modelOf(offer: DirectOffer): LanguageModel {
    const model = this.#options.models.get(offer);
    if (model === undefined) throw new TypeError("the offer is not of this engine");
    return model;
  }
}

/** The enclave holds to what it was asked first, which may have been more than is wanted now. */
function requireAffordable({ receipt: { fee } }: DirectRecord, { maxFee }: DirectOrder): void {
  if (fee <= maxFee) return;
  throw new OpenGradientError(
    "FEE_TOO_HIGH",
    `The answer costs ${fee} wei of OPG; the request allows for ${maxFee}.`,
    "Allow for as much as before.",
  );
}
