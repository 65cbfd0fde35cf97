import { resolveAddress, Signature, type AddressLike, type Signer } from "ethers";
import type { Deployment } from "./deployment.ts";
import { OPG__factory } from "../typechain-types/index.js";

/** What a permit allows. */
export interface Permission {
  readonly spender: AddressLike;
  /** OPG in wei. */
  readonly value: bigint;
  /** Last second at which the permit can be used, Unix time. */
  readonly deadline: bigint;
}

const PERMIT_TYPES = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

/** Signs an ERC-2612 permit for OPG with the owner's next nonce. */
export async function signPermit(
  { chainId, addresses }: Deployment,
  owner: Signer,
  { spender, value, deadline }: Permission,
): Promise<Signature> {
  const domain = { name: "OpenGradient", version: "1", chainId, verifyingContract: addresses.opg };
  const permit = {
    owner: await owner.getAddress(),
    spender: await resolveAddress(spender),
    value,
    nonce: await OPG__factory.connect(addresses.opg, owner).nonces(owner),
    deadline,
  };
  return Signature.from(await owner.signTypedData(domain, PERMIT_TYPES, permit));
}
