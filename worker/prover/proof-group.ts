import type { Answer, AnswerableRequest } from "../jobs/job.ts";
import type { Manifest } from "../../zkml/model/manifest.ts";
import type { ProvenModel } from "../models/served-models.ts";

/** A request that waits for its proof. */
export interface Waiting {
  readonly request: AnswerableRequest;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Gas of one settlement: a transaction on Base takes 2^24, of which a margin and the proof itself take their part. */
const MAX_GAS = 12_000_000n;

/** Of a request without its callback. */
const SETTLEMENT_GAS = 50_000n;

/** Bytes of calldata of one settlement: nodes take transactions of up to 128 KiB, of which evidence and signature need little. */
const MAX_CALLDATA = 120_000;

/** Of a request's terms, and of where its parts stand. */
const TERMS_BYTES = 700;

/** What a request takes of a proof and of the transaction that brings it. */
interface Share {
  readonly inferences: number;
  readonly gas: bigint;
  readonly calldata: number;
}

/** Takes the request that waits longest out of the list, and all others that fit into one proof with it. */
export function takeGroup(
  waiting: Waiting[],
  models: ReadonlyMap<string, ProvenModel>,
): readonly Waiting[] {
  const first = waiting.shift();
  if (first === undefined) return [];
  const { modelId } = first.request.terms;
  const manifest = models.get(modelId)?.model.manifest;
  if (manifest === undefined) return [first];
  const whole = {
    inferences: manifest.inferences,
    gas: MAX_GAS,
    calldata: MAX_CALLDATA,
  };
  const group = [first];
  let left = minus(whole, shareOf(first.request, manifest));
  for (const each of waiting.filter(({ request }) => request.terms.modelId === modelId)) {
    const rest = minus(left, shareOf(each.request, manifest));
    if (rest.inferences < 0 || rest.gas < 0n || rest.calldata < 0) continue;
    group.push(each);
    waiting.splice(waiting.indexOf(each), 1);
    left = rest;
  }
  return group;
}

function shareOf(
  { terms, input }: AnswerableRequest,
  { inputSize, outputSize }: Pick<Manifest, "inputSize" | "outputSize">,
): Share {
  const inferences = input.length / inputSize;
  const calldata = TERMS_BYTES + input.length + inferences * outputSize;
  return { inferences, gas: SETTLEMENT_GAS + terms.callbackGas, calldata };
}

function minus(left: Share, share: Share): Share {
  return {
    inferences: left.inferences - share.inferences,
    gas: left.gas - share.gas,
    calldata: left.calldata - share.calldata,
  };
}
