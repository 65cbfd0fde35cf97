import { ZkmlError } from "../errors.ts";
import type { IntegerGraph } from "../integer/graph.ts";
import { byteLength, decodeTensors } from "../integer/tensor-spec.ts";
import { COMMITMENT_BYTES, inputOf, SALT_BYTES } from "./sealed-input.ts";

/** What one proof of a model carries, and how much of it the chain sees. Another form is another circuit, and other keys. */
export interface ProofForm {
  /** Whether the chain sees the input, or a commitment to it (`sealed-input.ts`). */
  readonly inputs: "public" | "private";
  /** Inferences in one proof. */
  readonly inferences: number;
}

/** One inference, seen by all: what most models are. */
export const SINGLE: ProofForm = { inputs: "public", inferences: 1 };

/** As `ModelRegistry` has it: whoever needs one inference pays gas for the place of each. */
export const MAX_INFERENCES = 1_024;

/** Length in bytes of what the chain sees of one inference's input. */
export function publicInputSize(form: ProofForm, graph: IntegerGraph): number {
  return form.inputs === "public" ? byteLength(graph.inputs) : COMMITMENT_BYTES;
}

/** Length in bytes of what a node needs to know for one inference: the input, behind its salt where it is private. */
export function knownInputSize(form: ProofForm, graph: IntegerGraph): number {
  return byteLength(graph.inputs) + (form.inputs === "public" ? 0 : SALT_BYTES);
}

/**
 * Cuts what is known of a request's inputs into those of each inference. Whether a single public one has the right length is
 * left to whoever decodes it.
 *
 * @throws ZkmlError `INPUT_SIZE` unless there are from one to `form.inferences` whole ones.
 */
export function splitInputs(
  form: ProofForm,
  graph: IntegerGraph,
  known: Uint8Array,
): readonly Uint8Array[] {
  if (form.inputs === "public" && form.inferences === 1) return [known];
  const size = knownInputSize(form, graph);
  const count = known.length / size;
  if (!Number.isInteger(count) || count < 1 || count > form.inferences)
    throw wrongSize(form, size, known.length);
  return Array.from({ length: count }, (_, i) => known.slice(i * size, (i + 1) * size));
}

/**
 * Makes sure that a proof can be made of what is known of a request's inputs.
 *
 * @throws ZkmlError `INPUT_SIZE`, also for an element that is not of its tensor's type.
 */
export function requireKnownInput(form: ProofForm, graph: IntegerGraph, known: Uint8Array): void {
  for (const part of splitInputs(form, graph, known))
    decodeTensors(graph.inputs, form.inputs === "public" ? part : inputOf(part));
}

function wrongSize({ inputs, inferences }: ProofForm, size: number, found: number): ZkmlError {
  const salt = inputs === "private" ? `, of which ${SALT_BYTES} are the salt` : "";
  const times = inferences === 1 ? "" : ` for each of up to ${inferences} inferences`;
  return new ZkmlError(
    "INPUT_SIZE",
    `The input has ${found} bytes; the model takes ${size}${salt}${times}.`,
    "Encode the tensors as the model's graph says.",
  );
}
