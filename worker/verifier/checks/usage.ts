import type { ShownReceipt } from "../batch.ts";
import type { Finding } from "../fault.ts";

/** How much one inference of a model uses, for models with a key; see `ModelRegistry.model`. */
export interface InferenceShape {
  readonly inputSize: bigint;
  readonly outputSize: bigint;
  /** Most in one request. */
  readonly inferences: bigint;
}

/** A receipt over more, or less, than whole inferences of its model take and give. */
export function checkUsage(
  shown: ShownReceipt,
  shape: InferenceShape | undefined,
): Finding | undefined {
  const { terms, receipt } = shown;
  if (terms === undefined || shape === undefined) return undefined;
  const { inputUnits, outputUnits } = receipt;
  if (isWhole(shape, { inputUnits, outputUnits })) return undefined;
  const reason = `no number of inferences takes ${inputUnits} bytes and gives ${outputUnits}`;
  return { challenge: "challengeFee", shown, terms, reason };
}

function isWhole(
  { inputSize, outputSize, inferences }: InferenceShape,
  { inputUnits, outputUnits }: { readonly inputUnits: bigint; readonly outputUnits: bigint },
): boolean {
  const count = inputUnits / inputSize;
  return (
    count >= 1n &&
    count <= inferences &&
    inputUnits === count * inputSize &&
    outputUnits === count * outputSize
  );
}
