import type { FoundRequest, ProvenAnswer } from "../jobs/job.ts";
import type { ServedModel } from "../models/served-models.ts";

/** A request that waits for its proof. */
export interface Waiting {
  readonly request: FoundRequest;
  readonly resolve: (answer: ProvenAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** Gas of all callbacks of one settlement: with everything else it has to fit into a transaction on Base, which takes 2^24. */
const MAX_CALLBACK_GAS = 10_000_000n;

/** Takes the request that waits longest out of the list, and all others that fit into one proof with it. */
export function takeGroup(
  waiting: Waiting[],
  models: ReadonlyMap<string, ServedModel>,
): readonly Waiting[] {
  const [first] = waiting;
  if (first === undefined) return [];
  const { modelId } = first.request.terms;
  const { inferences = 1, inputSize = 1 } = models.get(modelId)?.model.manifest ?? {};
  const group: Waiting[] = [];
  let room = inferences;
  let gas = MAX_CALLBACK_GAS;
  for (const each of [...waiting]) {
    const { terms, input } = each.request;
    const count = input.length / inputSize;
    const isFirst = group.length === 0;
    if (terms.modelId !== modelId || (!isFirst && (count > room || terms.callbackGas > gas)))
      continue;
    group.push(each);
    waiting.splice(waiting.indexOf(each), 1);
    room -= count;
    gas -= terms.callbackGas;
  }
  return group;
}
