export { SINGLE, type ProofForm } from "./circuit/proof-form.ts";
export { commitmentTo, sealInput, type SealedInput } from "./circuit/sealed-input.ts";
export { ZKML_ERROR_CODES, ZkmlError, type ZkmlErrorCode } from "./errors.ts";
export {
  inspectOnnx,
  inspectPackage,
  type Inspection,
  type InspectOptions,
} from "./inspect/inspect.ts";
export { infer } from "./integer/run.ts";
export {
  decodeTensors,
  dequantiseTensors,
  encodeTensors,
  quantiseTensors,
} from "./integer/tensor-spec.ts";
export { compileModel, type CompiledModel, type CompileOptions } from "./model/compile-model.ts";
export { type Manifest } from "./model/manifest.ts";
export { readGraph, readPackage, writePackage, type ModelPackage } from "./model/package.ts";
export { SUPPORTED_OPERATORS } from "./network/registry.ts";
export { encodeKeyDelta, encodeKeySetup } from "./prove/encoding.ts";
export { decodeEvidence, type Evidence } from "./prove/evidence.ts";
export {
  proveInference,
  proveTogether,
  type ProofRequest,
  type ProvenAnswers,
  type ProvenInference,
  type SharedProofRequest,
} from "./prove/prover.ts";
export { createProver, type ProverChoice } from "./prove/provers/create-prover.ts";
export { type Prover, type ProverName } from "./prove/provers/prover.ts";
export { stopProverThreads } from "./prove/threads.ts";
export { proofHolds, statementOf, type Statement } from "./prove/verify-evidence.ts";
export { type Ceremony } from "./setup/ceremony.ts";
export { applyBeaconToPackage, contributeToPackage } from "./setup/package-ceremony.ts";
export { setUp, setUpForDevelopment } from "./setup/package-setup.ts";
export { verifyOrigin, verifyTranscript } from "./setup/verify-package.ts";
