/**
 * What can go wrong between an ONNX file and a proof. Every failure a user can cause has a code here, a sentence that
 * names the thing at fault, and a hint that says what to do next.
 */
export const ZKML_ERROR_CODES = [
  "ONNX_UNREADABLE",
  "ONNX_UNSUPPORTED_OPERATOR",
  "ONNX_UNSUPPORTED_ATTRIBUTE",
  "ONNX_UNSUPPORTED_TYPE",
  "ONNX_DYNAMIC_SHAPE",
  "ONNX_EXTERNAL_DATA",
  "ONNX_SHAPE_MISMATCH",
  "ONNX_NOT_FINITE",
  "ONNX_SIGNATURE",
  "SAMPLES_INVALID",
  "RANGE_OVERFLOW",
  "INPUT_SIZE",
  "INPUT_INVALID",
  "TOO_MANY_INFERENCES",
  "CLAIM_INVALID",
  "VECTOR_INVALID",
  "CIRCUIT_TOO_LARGE",
  "WITNESS_UNSATISFIED",
  "FILE_EXISTS",
  "FILE_MISSING",
  "FILE_UNWRITABLE",
  "FILE_CORRUPTED",
  "TAU_TOO_SMALL",
  "TAU_UNKNOWN",
  "SETUP_FAILED",
  "SETUP_INVALID",
  "SETUP_UNCHECKED",
  "SETUP_DEVELOPMENT",
  "CEREMONY_CLOSED",
  "KEYS_CHANGED",
  "CONTRIBUTION_INVALID",
  "WITNESS_INVALID",
  "PROVER_FAILED",
  "PROVER_MISSING",
  "PROOF_INVALID",
] as const;

export type ZkmlErrorCode = (typeof ZKML_ERROR_CODES)[number];

/** A user-facing failure of the model compiler, the key set-up or the prover. */
export class ZkmlError extends Error {
  override readonly name = "ZkmlError";
  readonly code: ZkmlErrorCode;
  /** What the user can do about it, as an imperative sentence. */
  readonly hint: string;

  constructor(code: ZkmlErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}
