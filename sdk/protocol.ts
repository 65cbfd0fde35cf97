import type { ContractRunner } from "ethers";
import {
  AttestedVerifier__factory,
  EnclaveRegistry__factory,
  FeeEscrow__factory,
  FeePolicy__factory,
  Groth16Verifier__factory,
  InferenceMarket__factory,
  ModelRegistry__factory,
  NitroVerifier__factory,
  NodeRegistry__factory,
  OPG__factory,
  ProvenVerifier__factory,
  ReceiptLedger__factory,
  SharedProofVerifier__factory,
  SignedVerifier__factory,
  Staking__factory,
  TdxVerifier__factory,
  VerifierRouter__factory,
  type AttestedVerifier,
  type EnclaveRegistry,
  type FeeEscrow,
  type FeePolicy,
  type Groth16Verifier,
  type InferenceMarket,
  type ModelRegistry,
  type NitroVerifier,
  type NodeRegistry,
  type OPG,
  type ProvenVerifier,
  type ReceiptLedger,
  type SharedProofVerifier,
  type SignedVerifier,
  type Staking,
  type TdxVerifier,
  type VerifierRouter,
} from "../typechain-types/index.js";
import type { Deployment } from "./deployment.ts";

/** All contracts of one deployment, typed. */
export interface Protocol {
  readonly opg: OPG;
  readonly groth16Verifier: Groth16Verifier;
  readonly provenVerifier: ProvenVerifier;
  readonly sharedProofVerifier: SharedProofVerifier;
  readonly signedVerifier: SignedVerifier;
  readonly verifierRouter: VerifierRouter;
  readonly modelRegistry: ModelRegistry;
  readonly feeEscrow: FeeEscrow;
  readonly staking: Staking;
  readonly nodeRegistry: NodeRegistry;
  readonly feePolicy: FeePolicy;
  readonly inferenceMarket: InferenceMarket;
  readonly nitroVerifier: NitroVerifier;
  readonly tdxVerifier: TdxVerifier;
  readonly enclaveRegistry: EnclaveRegistry;
  readonly attestedVerifier: AttestedVerifier;
  readonly receiptLedger: ReceiptLedger;
}

/** The contracts of a deployment, called through `runner`: a provider to read, a signer to write. */
export function connectProtocol({ addresses }: Deployment, runner: ContractRunner): Protocol {
  return {
    opg: OPG__factory.connect(addresses.opg, runner),
    groth16Verifier: Groth16Verifier__factory.connect(addresses.groth16Verifier, runner),
    provenVerifier: ProvenVerifier__factory.connect(addresses.provenVerifier, runner),
    sharedProofVerifier: SharedProofVerifier__factory.connect(
      addresses.sharedProofVerifier,
      runner,
    ),
    signedVerifier: SignedVerifier__factory.connect(addresses.signedVerifier, runner),
    verifierRouter: VerifierRouter__factory.connect(addresses.verifierRouter, runner),
    modelRegistry: ModelRegistry__factory.connect(addresses.modelRegistry, runner),
    feeEscrow: FeeEscrow__factory.connect(addresses.feeEscrow, runner),
    staking: Staking__factory.connect(addresses.staking, runner),
    nodeRegistry: NodeRegistry__factory.connect(addresses.nodeRegistry, runner),
    feePolicy: FeePolicy__factory.connect(addresses.feePolicy, runner),
    inferenceMarket: InferenceMarket__factory.connect(addresses.inferenceMarket, runner),
    nitroVerifier: NitroVerifier__factory.connect(addresses.nitroVerifier, runner),
    tdxVerifier: TdxVerifier__factory.connect(addresses.tdxVerifier, runner),
    enclaveRegistry: EnclaveRegistry__factory.connect(addresses.enclaveRegistry, runner),
    attestedVerifier: AttestedVerifier__factory.connect(addresses.attestedVerifier, runner),
    receiptLedger: ReceiptLedger__factory.connect(addresses.receiptLedger, runner),
  };
}
