import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import path from "node:path";
import type { NetworkConnection } from "hardhat/types/network";
import type { Deployment } from "../sdk/deployment.ts";
import Protocol from "./modules/Protocol.ts";

export interface DeployOptions {
  /** Parameter file; see `parameters/`. */
  readonly parameters: string;
  /**
   * Whether Ignition keeps its journal, with which an interrupted deployment goes on. Not for a chain that is gone
   * tomorrow: its successor with the same chain id would be taken for it.
   */
  readonly keepJournal?: boolean;
}

/** A deployment, and the contract that governs it. */
export interface Deployed {
  readonly deployment: Deployment;
  /** Address of the access manager. */
  readonly manager: string;
}

/** Parameters for a chain on one machine. */
export const LOCAL_PARAMETERS = path.join(import.meta.dirname, "parameters/local.json5");

/** Deploys and wires the whole protocol. The connection's first account deploys, and governs until it hands over. */
export async function deployProtocol(
  { ethers, ignition }: NetworkConnection,
  { parameters, keepJournal = true }: DeployOptions,
): Promise<Deployed> {
  const startBlock = await ethers.provider.getBlockNumber();
  const { chainId } = await ethers.provider.getNetwork();
  const deploymentId = keepJournal ? `chain-${chainId}` : `throwaway-${randomUUID()}`;
  try {
    const { manager, ...contracts } = await ignition.deploy(Protocol, { parameters, deploymentId });
    const addresses = {
      opg: await contracts.opg.getAddress(),
      groth16Verifier: await contracts.groth16Verifier.getAddress(),
      provenVerifier: await contracts.provenVerifier.getAddress(),
      sharedProofVerifier: await contracts.sharedProofVerifier.getAddress(),
      signedVerifier: await contracts.signedVerifier.getAddress(),
      verifierRouter: await contracts.verifierRouter.getAddress(),
      modelRegistry: await contracts.modelRegistry.getAddress(),
      feeEscrow: await contracts.feeEscrow.getAddress(),
      staking: await contracts.staking.getAddress(),
      nodeRegistry: await contracts.nodeRegistry.getAddress(),
      feePolicy: await contracts.feePolicy.getAddress(),
      inferenceMarket: await contracts.inferenceMarket.getAddress(),
    };
    return { deployment: { chainId, addresses, startBlock }, manager: await manager.getAddress() };
  } finally {
    if (!keepJournal) {
      const journal = path.join(import.meta.dirname, "deployments", deploymentId);
      await rm(journal, { recursive: true, force: true });
    }
  }
}
