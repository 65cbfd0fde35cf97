import { hexlify, keccak256, ZeroHash } from "ethers";
import hre from "hardhat";
import { modelIdOf } from "../sdk/model-id.ts";
import type { StatementContext } from "../zkml/circuit/statement.ts";
import { byteLength } from "../zkml/integer/tensor-spec.ts";
import { encodeKeyDelta, encodeKeySetup } from "../zkml/prove/encoding.ts";
import type { ProofRequest, ProvableModel, ProvenInference } from "../zkml/prove/prover.ts";

/** A request for an answer, as the chain knows it. */
export interface ChainRequest extends ProofRequest {
  /** Of the transaction that stored the model's key, the set-up that it shares already being there. */
  readonly keyGas: number;
}

/** A chain in this process with the contracts that verify proofs, and nothing else. */
export interface ProofChain {
  /** Stores the model's key and asks for an answer to the input. */
  readonly request: (model: ProvableModel, input: Uint8Array) => Promise<ChainRequest>;
  /**
   * Brings an answer to `ProvenVerifier` in a transaction: its gas, the 21,000 and calldata included, or `undefined` if the
   * contract reverts.
   */
  readonly verify: (
    context: StatementContext,
    answer: Pick<ProvenInference, "input" | "output" | "evidence">,
  ) => Promise<number | undefined>;
  readonly close: () => Promise<void>;
}

/** Market and node alike: the verifier asks neither. */
const SOMEBODY = "0x4444444444444444444444444444444444444444";

/** JSON-RPC's code of a call that reverts. */
const REVERTED = 3;

/** Deploys the built contracts on a chain of their own. */
export async function startProofChain(): Promise<ProofChain> {
  const connection = await hre.network.create("default");
  const { ethers } = connection;
  const groth16Verifier = await ethers.deployContract("Groth16Verifier");
  const verifier = await ethers.deployContract("ProvenVerifier");

  async function storeKey({ verificationKey }: ProvableModel["keys"]) {
    const points = hexlify(encodeKeySetup(verificationKey));
    const delta = hexlify(encodeKeyDelta(verificationKey));
    await groth16Verifier.registerSetup(points);
    const setup = await groth16Verifier.setupAddress(points);
    const stored = await (await groth16Verifier.registerKey(setup, delta)).wait();
    const key = await groth16Verifier.keyAddress(setup, delta);
    return { key, keyGas: Number(stored?.gasUsed) };
  }

  return {
    async request({ keys, graph }, input) {
      const { key, keyGas } = await storeKey(keys);
      const [inputSize, outputSize] = [byteLength(graph.inputs), byteLength(graph.outputs)];
      const parts = { origin: ZeroHash, key };
      const { chainId } = await ethers.provider.getNetwork();
      const context: StatementContext = {
        chainId,
        market: SOMEBODY,
        node: SOMEBODY,
        requestId: keccak256("0x01"),
        modelId: modelIdOf({ ...parts, inputSize, outputSize }),
      };
      return { input, context, parts, keyGas };
    },

    async verify({ market, node, requestId, modelId }, { input, output, evidence }) {
      const claim = { market, node, requestId, modelId, inputHash: keccak256(input) };
      const call = await verifier
        .getFunction("verify")
        .populateTransaction(claim, hexlify(output), hexlify(evidence));
      const [sender] = await ethers.getSigners();
      try {
        const verified = await (await sender?.sendTransaction(call))?.wait();
        return Number(verified?.gasUsed);
      } catch (error) {
        if (isRevert(error)) return undefined;
        throw error;
      }
    },

    close: () => connection.close(),
  };
}

function isRevert(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === REVERTED;
}
