/**
 * Every failure that a user of the SDK, the worker or the command line can cause or meet, by code. `retryable` failures
 * may pass on their own (a node that is down, a price that moved); the others need somebody to change something.
 */
export const ERROR_CODES = {
  RPC_UNREACHABLE: { retryable: true },
  WRONG_CHAIN: { retryable: false },
  NOT_DEPLOYED: { retryable: false },
  DEPLOYMENT_UNREADABLE: { retryable: false },
  KEY_FILE_MISSING: { retryable: false },
  KEY_FILE_INVALID: { retryable: false },
  ACCOUNT_UNFUNDED: { retryable: false },
  STAKE_TOO_LOW: { retryable: false },
  NODE_NOT_REGISTERED: { retryable: false },
  NODE_REGISTERED: { retryable: false },
  MODEL_NOT_REGISTERED: { retryable: false },
  CONFIG_INVALID: { retryable: false },
  TRANSACTION_REVERTED: { retryable: false },
  FEE_TOO_LOW: { retryable: false },
  REQUEST_UNANSWERED: { retryable: true },
  TRANSACTION_STUCK: { retryable: true },
  DATA_FOLDER_IN_USE: { retryable: false },
  SIGNATURE_INVALID: { retryable: false },
  ATTESTATION_INVALID: { retryable: false },
  CHAT_REQUEST_INVALID: { retryable: false },
  CONTEXT_EXCEEDED: { retryable: false },
  LANGUAGE_MODEL_MISSING: { retryable: false },
  LANGUAGE_MODEL_INVALID: { retryable: false },
  RUNTIME_BUSY: { retryable: true },
  RUNTIME_CLOSED: { retryable: true },
  RUNTIME_FAILED: { retryable: true },
  RUNTIME_UNREACHABLE: { retryable: true },
  RUNTIME_REFUSED: { retryable: false },
  ENCLAVE_CONFIG_INVALID: { retryable: false },
  ENCLAVE_ROOT_INVALID: { retryable: false },
  ENCLAVE_REQUEST_INVALID: { retryable: false },
  ENCLAVE_MODEL_UNKNOWN: { retryable: false },
  ENCLAVE_REQUEST_DIFFERS: { retryable: false },
  /** What the enclave was to have said or signed, it does not know, or not any more. */
  ENCLAVE_UNKNOWN: { retryable: false },
  DIRECT_REQUEST_INVALID: { retryable: false },
  /** An answer would cost more than was agreed to. */
  FEE_TOO_HIGH: { retryable: false },
  ENCLAVE_BUSY: { retryable: true },
  ENCLAVE_TOO_EARLY: { retryable: true },
  ENCLAVE_TOO_SLOW: { retryable: true },
  ENCLAVE_DEVICE_FAILED: { retryable: true },
  ENCLAVE_FAILED: { retryable: true },
  ENCLAVE_UNREACHABLE: { retryable: true },
  ENCLAVE_UNTRUSTED: { retryable: false },
  MEASUREMENT_INVALID: { retryable: false },
  MEASUREMENT_NOT_TRUSTED: { retryable: false },
  ATTESTATION_REFUSED: { retryable: true },
  CHAIN_BEHIND: { retryable: true },
  ENCLAVE_UNAVAILABLE: { retryable: true },
  NOT_GOVERNANCE: { retryable: false },
  CERTIFICATE_INVALID: { retryable: false },
  PAYMENT_REFUSED: { retryable: false },
  PAYEE_UNTRUSTED: { retryable: false },
  SPENDING_LIMIT: { retryable: false },
  CHANNEL_DISPUTED: { retryable: false },
  CHANNEL_STORE_UNREADABLE: { retryable: false },
  CONTRACTS_NOT_BUILT: { retryable: false },
  RECEIPT_INVALID: { retryable: false },
  RECEIPT_UNREADABLE: { retryable: false },
  RECEIPT_NOT_INCLUDED: { retryable: true },
  NODE_UNREACHABLE: { retryable: true },
  NODE_BUSY: { retryable: true },
  NODE_FAILED: { retryable: true },
  NODE_REFUSED: { retryable: false },
  NODE_UNKNOWN: { retryable: false },
  NO_NODE_LEFT: { retryable: true },
  MODEL_NOT_OFFERED: { retryable: false },
  MODEL_AMBIGUOUS: { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** A failure that a user can understand: what happened, and what to do about it. */
export class OpenGradientError extends Error {
  override readonly name = "OpenGradientError";
  readonly code: ErrorCode;
  /** What to do, as an imperative sentence. */
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }

  /** Whether trying again later can help without anybody changing anything. */
  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}
