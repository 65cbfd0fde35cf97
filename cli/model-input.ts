import { concatBytes } from "@noble/hashes/utils.js";
import { listOf } from "../zkml/arrays.ts";
import { requireKnownInput, type ProofForm } from "../zkml/circuit/proof-form.ts";
import { ZkmlError } from "../zkml/errors.ts";
import type { IntegerGraph } from "../zkml/integer/graph.ts";
import { encodeTensors, sizeOf } from "../zkml/integer/tensor-spec.ts";
import { parseIntegers, readInputFile } from "./files.ts";

/**
 * Reads what a proof of a model is made from: inputs of one or more inferences as raw bytes or, in a file whose name ends in
 * `.json`, as a flat list of integers; where inputs are private, their openings.
 *
 * @throws ZkmlError `FILE_MISSING`, `INPUT_INVALID`, or `INPUT_SIZE` for a wrong number of elements or one out of range.
 */
export async function readModelInput(
  file: string,
  { graph, form }: { readonly graph: IntegerGraph; readonly form: ProofForm },
): Promise<Uint8Array> {
  const content = await readInputFile(file);
  const isPrivate = form.inputs === "private";
  if (!file.endsWith(".json")) {
    requireKnownInput(form, graph, content);
    return content;
  }
  if (isPrivate)
    throw new ZkmlError(
      "INPUT_INVALID",
      `"${file}" holds an input without a salt; this model's inputs are private.`,
      "Seal it first (opg model seal), and give the file that this writes.",
    );
  const elements = parseIntegers(file, content);
  const size = sizeOf(graph.inputs);
  const count = form.inferences === 1 ? 1 : Math.max(1, Math.ceil(elements.length / size));
  const inputs = listOf(count, (i) => {
    const end = i === count - 1 ? elements.length : (i + 1) * size;
    return encodeTensors(graph.inputs, elements.slice(i * size, end));
  });
  return concatBytes(...inputs);
}
