import { AbiCoder, keccak256 } from "ethers";

/** What a model's id is made of; hex strings are 0x-prefixed. */
export interface ModelIdentity {
  /** Who registered the model first. */
  readonly publisher: string;
  /** keccak256 of the model's manifest. */
  readonly contentHash: string;
  /** Address of its verification key, or the zero address. */
  readonly key: string;
  /** Length of its input and output in bytes. */
  readonly inputSize: number;
  readonly outputSize: number;
}

const abi = AbiCoder.defaultAbiCoder();

/** Who published a model and what it is, in one hash: `ModelIds.originOf` of the contracts. */
export function modelOrigin({
  publisher,
  contentHash,
}: Pick<ModelIdentity, "publisher" | "contentHash">): string {
  return keccak256(abi.encode(["address", "bytes32"], [publisher, contentHash]));
}

/** Id that the registry gives a model: `ModelIds.modelIdOf` of the contracts. */
export function modelId(identity: ModelIdentity): string {
  return modelIdOf({ ...identity, origin: modelOrigin(identity) });
}

/** What a proof shows of its model. */
export interface ModelParts extends Pick<ModelIdentity, "key" | "inputSize" | "outputSize"> {
  readonly origin: string;
}

/** `ModelIds.modelIdOf` of the contracts. */
export function modelIdOf({ origin, key, inputSize, outputSize }: ModelParts): string {
  return keccak256(
    abi.encode(["bytes32", "address", "uint256", "uint256"], [origin, key, inputSize, outputSize]),
  );
}
