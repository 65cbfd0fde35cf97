import { concatBytes } from "@noble/hashes/utils.js";
import type { DirectForm, DirectOffer, DirectOrder } from "../direct-answer.ts";
import type { ComputeOptions, DirectEngine, EngineAnswer } from "../engine.ts";
import type { ComputedAnswer } from "../node-signer.ts";
import type { SteadyClock } from "../../enclave/clock.ts";
import type { ProvenModel } from "../../models/served-models.ts";
import type { Prover } from "../../prover/prover.ts";
import { directRequestId } from "../../../sdk/direct-request.ts";
import { OpenGradientError } from "../../../sdk/errors.ts";
import type { Usage } from "../../../sdk/price-quote.ts";
import type { Settlement } from "../../../sdk/receipt.ts";
import { requireKnownInput, splitInputs } from "../../../zkml/circuit/proof-form.ts";
import { ZkmlError } from "../../../zkml/errors.ts";
import { infer } from "../../../zkml/integer/run.ts";
import { byteLength } from "../../../zkml/integer/tensor-spec.ts";

export interface TensorEngineOptions {
  /** By offer. */
  readonly models: ReadonlyMap<DirectOffer, ProvenModel>;
  /** For the Proven tier. */
  readonly prover: Pick<Prover, "proveFor">;
  /** The ledger that proofs are for. */
  readonly settlement: Settlement;
  readonly clock: SteadyClock;
}

/**
 * Answers of models that compute with exact integers: in the Proven tier with a proof, otherwise alone. Anybody who has the model
 * gets the same output, to the bit.
 */
export class TensorEngine implements DirectEngine {
  readonly offers: readonly DirectOffer[];
  readonly #options: TensorEngineOptions;

  constructor(options: TensorEngineOptions) {
    this.#options = options;
    this.offers = [...options.models.keys()];
  }

  measure(offer: DirectOffer, _form: DirectForm, input: Uint8Array): Promise<Usage> {
    return Promise.resolve().then(() => {
      const { model } = this.#modelOf(offer);
      const inferences = this.#parts(offer, input).length;
      const outputUnits = inferences * byteLength(model.graph.outputs);
      return { inputUnits: BigInt(input.length), outputUnits: BigInt(outputUnits) };
    });
  }

  async compute(
    offer: DirectOffer,
    order: DirectOrder,
    { signal }: ComputeOptions,
  ): Promise<EngineAnswer> {
    const { clock } = this.#options;
    const startedAt = clock.now();
    const parts = this.#parts(offer, order.input);
    const { output, evidence } =
      offer.tier === "Proven"
        ? await this.#prove(offer, order)
        : { output: this.#run(offer, parts), evidence: undefined };
    signal?.throwIfAborted();
    const answer: ComputedAnswer = {
      output,
      usage: { inputUnits: BigInt(order.input.length), outputUnits: BigInt(output.length) },
      startedAt,
      completedAt: clock.now(),
      ...(evidence !== undefined && { evidence }),
    };
    return { kind: "computed", answer };
  }

  #run(offer: DirectOffer, parts: readonly Uint8Array[]): Uint8Array {
    const { graph } = this.#modelOf(offer).model;
    return concatBytes(...parts.map((part) => infer(graph, part)));
  }

  #prove(offer: DirectOffer, { request, input }: DirectOrder) {
    const { settlement, prover } = this.#options;
    const requestId = directRequestId(settlement, request);
    const { modelId } = offer;
    return prover.proveFor(settlement.settledBy, { modelId, requestId, input });
  }

  /** @throws OpenGradientError `DIRECT_REQUEST_INVALID` for what is no input of the model. */
  #parts(offer: DirectOffer, input: Uint8Array): readonly Uint8Array[] {
    const { graph, circuit } = this.#modelOf(offer).model;
    try {
      requireKnownInput(circuit.form, graph, input);
      return splitInputs(circuit.form, graph, input);
    } catch (cause) {
      if (!(cause instanceof ZkmlError)) throw cause;
      const hint = "Send what the model takes: opg model inspect says what that is.";
      throw new OpenGradientError("DIRECT_REQUEST_INVALID", cause.message, hint, { cause });
    }
  }

  #modelOf(offer: DirectOffer): ProvenModel {
    const model = this.#options.models.get(offer);
    if (model === undefined) throw new TypeError("the offer is not of this engine");
    return model;
  }
}
