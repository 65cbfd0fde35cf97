import { hexlify, keccak256, ZeroHash } from "ethers";
import hre from "hardhat";
import { modelIdOf } from "../../sdk/model-id.ts";
import { byteLength } from "../../zkml/integer/tensor-spec.ts";
import { encodeKeyDelta, encodeKeySetup } from "../../zkml/prove/encoding.ts";
import { proveInference, type ProvableModel } from "../../zkml/prove/prover.ts";
import type { Prover } from "../../zkml/prove/provers/prover.ts";

/** What a model costs on chain. */
export interface ChainCost {
  /** The transaction that verifies one answer, its 21,000 and calldata included. */
  readonly verifyGas: number;
  /** The transaction that stores the model's key, the set-up that it shares already being there. */
  readonly keyGas: number;
}

const SOMEBODY = "0x4444444444444444444444444444444444444444";

/** Verifies an answer of the model by the real contracts on a chain in this process. */
export async function measureGas(
  model: ProvableModel,
  input: Uint8Array,
  prover: Prover,
): Promise<ChainCost> {
  const chain = await hre.network.create("default");
  try {
    const { ethers } = chain;
    const groth16Verifier = await ethers.deployContract("Groth16Verifier");
    const verifier = await ethers.deployContract("ProvenVerifier");
    const points = hexlify(encodeKeySetup(model.keys.verificationKey));
    const delta = hexlify(encodeKeyDelta(model.keys.verificationKey));
    await groth16Verifier.registerSetup(points);
    const setup = await groth16Verifier.setupAddress(points);
    const key = await groth16Verifier.keyAddress(setup, delta);
    const registered = await (await groth16Verifier.registerKey(setup, delta)).wait();

    const sizes = {
      inputSize: byteLength(model.graph.inputs),
      outputSize: byteLength(model.graph.outputs),
    };
    const parts = { origin: ZeroHash, key };
    const { chainId } = await ethers.provider.getNetwork();
    const claim = {
      ...{ market: SOMEBODY, node: SOMEBODY, requestId: keccak256("0x01") },
      modelId: modelIdOf({ ...parts, ...sizes }),
      inputHash: keccak256(input),
    };
    const request = { input, context: { ...claim, chainId }, parts };
    const { output, evidence } = await proveInference(model, request, prover);
    const [sender] = await ethers.getSigners();
    const call = await verifier
      .getFunction("verify")
      .populateTransaction(claim, hexlify(output), hexlify(evidence));
    const verified = await (await sender?.sendTransaction(call))?.wait();
    return { verifyGas: Number(verified?.gasUsed), keyGas: Number(registered?.gasUsed) };
  } finally {
    await chain.close();
  }
}
