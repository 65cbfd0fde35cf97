import { Interface, isCallException, type ErrorDescription } from "ethers";
import {
  AttestedVerifier__factory,
  EnclaveRegistry__factory,
  FeeEscrow__factory,
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
} from "../typechain-types/index.js";

/** Custom errors of all contracts: one may bubble up through another's call. */
const ERRORS = new Interface(
  [
    AttestedVerifier__factory,
    EnclaveRegistry__factory,
    FeeEscrow__factory,
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
  ].flatMap(({ abi }) => abi.filter(({ type }) => type === "error")),
);

/** A contract's refusal in words, like `InferenceMarketTooLate(requestId: 0x…, timestamp: 12, deadline: 10)`. */
export function describeRevert(error: unknown): string | undefined {
  const data = revertData(error);
  if (data === undefined) return undefined;
  const parsed = ERRORS.parseError(data);
  return parsed === null ? `unknown error ${data.slice(0, 10)}` : formatError(parsed);
}

/** A contract's refusal as it was declared; `undefined` if it is none, or one of a contract that is not the protocol's. */
export function parseRevert(error: unknown): ErrorDescription | undefined {
  const data = revertData(error);
  return data === undefined ? undefined : (ERRORS.parseError(data) ?? undefined);
}

/** Whether a call was refused with this custom error. */
export function isRevert(error: unknown, name: string): boolean {
  return describeRevert(error)?.startsWith(`${name}(`) === true;
}

function formatError({ name, fragment, args }: ErrorDescription): string {
  const values: unknown[] = args.toArray();
  const listed = fragment.inputs.map((input, i) => `${input.name}: ${String(values[i])}`);
  return `${name}(${listed.join(", ")})`;
}

/** Revert data out of whatever a provider wrapped around it. */
function revertData(error: unknown): string | undefined {
  for (
    let cause: unknown = error, depth = 0;
    cause instanceof Error && depth < 5;
    cause = cause.cause, depth++
  ) {
    if (isCallException(cause) && cause.data !== null && cause.data !== "0x") return cause.data;
    const nested = "data" in cause ? cause.data : undefined;
    if (typeof nested === "string" && nested.startsWith("0x") && nested.length >= 10) return nested;
  }
  return undefined;
}
