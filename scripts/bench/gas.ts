import { proveInference, type ProvableModel } from "../../zkml/prove/prover.ts";
import type { Prover } from "../../zkml/prove/provers/prover.ts";
import { startProofChain } from "../proof-chain.ts";

/** What a model costs on chain. */
export interface ChainCost {
  /** The transaction that verifies one answer, its 21,000 and calldata included. */
  readonly verifyGas: number;
  /** The transaction that stores the model's key, the set-up that it shares already being there. */
  readonly keyGas: number;
}

/** Verifies an answer of the model by the real contracts on a chain in this process. */
export async function measureGas(
  model: ProvableModel,
  input: Uint8Array,
  prover: Prover,
): Promise<ChainCost> {
  const chain = await startProofChain();
  try {
    const { keyGas, ...request } = await chain.request(model, input);
    const proven = await proveInference(model, request, prover);
    const verifyGas = await chain.verify(request.context, proven);
    if (verifyGas === undefined) throw new Error("the contract refuses the proof");
    return { verifyGas, keyGas };
  } finally {
    await chain.close();
  }
}
