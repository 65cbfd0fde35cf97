import { Interface, isCallException, type Provider } from "ethers";

const ERC1271 = new Interface([
  "function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)",
]);

/** `isValidSignature`'s selector is its yes, in a word. */
const YES = "0x1626ba7e".padEnd(66, "0");

/** `Signatures.ERC1271_GAS` of the contracts, and what a transaction takes before: what answers there may take, it may take here. */
const GAS = 300_000n;

/** Whether a contract says that it signed. */
export async function isSignedByContract(
  provider: Pick<Provider, "call">,
  {
    signer,
    digest,
    signature,
  }: { readonly signer: string; readonly digest: string; readonly signature: string },
): Promise<boolean> {
  const data = ERC1271.encodeFunctionData("isValidSignature", [digest, signature]);
  try {
    return (await provider.call({ to: signer, data, gasLimit: GAS })) === YES;
  } catch (error) {
    if (isCallException(error)) return false;
    throw error;
  }
}
