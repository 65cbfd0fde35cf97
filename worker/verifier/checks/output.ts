import { hexlify, keccak256 } from "ethers";
import { splitInputs } from "../../../zkml/circuit/proof-form.ts";
import { ZkmlError } from "../../../zkml/errors.ts";
import { infer } from "../../../zkml/integer/run.ts";
import type { ModelPackage } from "../../../zkml/model/package.ts";
import { TIERS } from "../../../sdk/tiers.ts";
import type { ShownReceipt } from "../batch.ts";
import type { Finding } from "../fault.ts";

/** What computing an answer again showed. `unknown`: it could not be computed, for the lack of its input. */
type Recomputation = "right" | "wrong" | "unknown";

/** Computes an answer again, to the bit. */
function recompute(
  { receipt, input }: Pick<ShownReceipt, "receipt" | "input">,
  { circuit, graph }: Pick<ModelPackage, "circuit" | "graph">,
): Recomputation {
  // Of a private input, only a commitment is there.
  if (circuit.form.inputs === "private") return "unknown";
  if (input === undefined || keccak256(input) !== receipt.inputHash) return "unknown";
  try {
    const parts = splitInputs(circuit.form, graph, input);
    const outputs = parts.map((part) => hexlify(infer(graph, part)).slice(2));
    return keccak256(`0x${outputs.join("")}`) === receipt.outputHash ? "right" : "wrong";
  } catch (error) {
    // The model gives no answer to such an input, so whatever was said is none of its.
    if (error instanceof ZkmlError) return "wrong";
    throw error;
  }
}

/** An answer that the node can be held to prove, and that the model does not give, or that nobody can compute again. */
export function checkOutput(
  shown: ShownReceipt,
  model: Pick<ModelPackage, "circuit" | "graph">,
): Finding | undefined {
  if (shown.receipt.tier !== BigInt(TIERS.Optimistic)) return undefined;
  const result = recompute(shown, model);
  if (result === "wrong") {
    const reason = "the model gives another output";
    return { challenge: "demandProof", shown, reason };
  }
  if (result === "right" || model.circuit.form.inputs === "private") return undefined;
  return { challenge: "demandProof", shown, reason: "the node does not show the input" };
}
