import type {
  ArgumentType,
  IgnitionModuleBuilder,
  NamedArtifactContractAtFuture,
  NamedArtifactContractDeploymentFuture,
} from "@nomicfoundation/ignition-core";
import { id } from "ethers";
import { ROLES } from "./roles.ts";

/** A contract behind its proxy. */
export type Contract = NamedArtifactContractAtFuture<string>;

interface ProxyArguments {
  /** What the implementation knows for good. */
  readonly constructor: ArgumentType[];
  /** What the proxy's storage starts with. */
  readonly initialize: ArgumentType[];
}

/** Deploys implementation and proxy of one contract, initialised in the same transaction. */
export function proxied<Name extends string>(
  m: IgnitionModuleBuilder,
  name: Name,
  { constructor, initialize }: ProxyArguments,
): NamedArtifactContractAtFuture<Name> {
  const implementation = m.contract(name, constructor, { id: `${name}_implementation` });
  const calldata = m.encodeFunctionCall(implementation, "initialize", initialize);
  const proxy = m.contract("ERC1967Proxy", [implementation, calldata], { id: `${name}_proxy` });
  return m.contractAt(name, proxy, { id: name });
}

interface Governed {
  readonly manager: NamedArtifactContractDeploymentFuture<"AccessManager">;
  readonly target: Contract | NamedArtifactContractDeploymentFuture<string>;
}

interface Grant extends Governed {
  readonly role: keyof typeof ROLES;
  readonly member: Contract;
}

/** Lets `member` call these functions of `target`, without delay. */
export function grant(
  m: IgnitionModuleBuilder,
  { manager, target, role, member }: Grant,
  signatures: string[],
): void {
  const selectors = signatures.map((signature) => selectorOf(signature));
  m.call(manager, "setTargetFunctionRole", [target, selectors, ROLES[role]], {
    id: `${role}_functions`,
  });
  m.call(manager, "grantRole", [ROLES[role], member, 0], { id: `${role}_member` });
}

/** Lets the guardian call these functions of `target`, without delay. */
export function giveToGuardian(
  m: IgnitionModuleBuilder,
  { manager, target }: Governed,
  signatures: string[],
): void {
  const selectors = signatures.map((signature) => selectorOf(signature));
  m.call(manager, "setTargetFunctionRole", [target, selectors, ROLES.guardian], {
    id: `${target.contractName}_guardian_functions`,
  });
}

function selectorOf(signature: string): string {
  return id(signature).slice(0, 10);
}
