import type { NetworkConnection } from "hardhat/types/network";

/** Who takes part in the story, by the position of their account. */
const NAMES = [
  "governor",
  "publisher",
  "operator",
  "nodeSigner",
  "cheat",
  "developer",
  "payer",
  "keeper",
  "verifier",
  "verifierSigner",
  "app",
] as const;

type Name = (typeof NAMES)[number];

type Signer = Awaited<ReturnType<NetworkConnection["ethers"]["getSigners"]>>[number];

export type People = Readonly<Record<Name, Signer>>;

/** Position of an account among the chain's. */
export function positionOf(name: Name): number {
  return NAMES.indexOf(name);
}

export async function meetPeople({ ethers }: NetworkConnection): Promise<People> {
  const signers = await ethers.getSigners();
  return Object.fromEntries(NAMES.map((name, i) => [name, signers[i]])) as unknown as People;
}
