import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import path from "node:path";
import { readDeploymentParameters } from "@nomicfoundation/hardhat-ignition/helpers";
import type { DeploymentParameters } from "@nomicfoundation/ignition-core";
import type { NetworkConnection } from "hardhat/types/network";
import type { Deployment } from "../sdk/deployment.ts";
import Ledger from "./modules/Ledger.ts";
import Simulation from "./modules/Simulation.ts";

export interface DeployOptions {
  /** Parameter file; see `parameters/`. */
  readonly parameters: string;
  /**
   * keccak256 of the root certificate (DER) under which simulated enclaves are attested, which shows nothing: for tests and
   * development. Instead of what the file says of it; Base refuses any.
   */
  readonly simulatedRoot?: string;
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
  connection: NetworkConnection,
  { keepJournal = true, ...options }: DeployOptions,
): Promise<Deployed> {
  const { ethers, ignition } = connection;
  const startBlock = await ethers.provider.getBlockNumber();
  const { chainId } = await ethers.provider.getNetwork();
  const deploymentId = keepJournal ? `chain-${chainId}` : `throwaway-${randomUUID()}`;
  try {
    const parameters = await parametersOf(connection, deploymentId, options);
    const { manager, ...contracts } = await ignition.deploy(Ledger, {
      parameters,
      deploymentId,
    });
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
      nitroVerifier: await contracts.nitroVerifier.getAddress(),
      tdxVerifier: await contracts.tdxVerifier.getAddress(),
      enclaveRegistry: await contracts.enclaveRegistry.getAddress(),
      attestedVerifier: await contracts.attestedVerifier.getAddress(),
      receiptLedger: await contracts.receiptLedger.getAddress(),
    };
    return { deployment: { chainId, addresses, startBlock }, manager: await manager.getAddress() };
  } finally {
    if (!keepJournal) {
      const journal = path.join(import.meta.dirname, "deployments", deploymentId);
      await rm(journal, { recursive: true, force: true });
    }
  }
}

/** What the file says, with the verifier of simulated enclaves, which is deployed first if there is to be one. */
async function parametersOf(
  { ignition }: NetworkConnection,
  deploymentId: string,
  { parameters: file, simulatedRoot }: Omit<DeployOptions, "keepJournal">,
): Promise<DeploymentParameters> {
  const parameters = await readDeploymentParameters(file);
  const root = simulatedRoot ?? parameters.Simulation?.simulatedRoot;
  if (root === undefined) return parameters;
  const { simulatedNitroVerifier } = await ignition.deploy(Simulation, {
    parameters: { Simulation: { simulatedRoot: root } },
    deploymentId,
  });
  const address = await simulatedNitroVerifier.getAddress();
  return {
    ...parameters,
    Attestation: { ...parameters.Attestation, simulatedNitroVerifier: address },
  };
}
