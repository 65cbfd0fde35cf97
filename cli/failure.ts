import { isError } from "ethers";
import { OpenGradientError } from "../sdk/errors.ts";
import { ZkmlError } from "../zkml/errors.ts";

/** What a user reads when a command fails: what happened, with its code, and what to do. Never a stack trace. */
export function explainFailure(error: unknown): string {
  const { code, message, hint } = understand(error);
  return `error ${code}: ${message}\n  ${hint}\n`;
}

/** The same for programs, as one line of JSON. */
export function failureJson(error: unknown): string {
  const { code, message, hint } = understand(error);
  return `${JSON.stringify({ error: { code, message, hint } })}\n`;
}

/** Arguments that commander refuses, as one line of JSON. */
export function misuseJson(text: string): string {
  const message = text.trim().replace(/^error: /, "");
  return `${JSON.stringify({ error: { code: "ARGUMENTS_INVALID", message } })}\n`;
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

function understand(error: unknown): Failure {
  if (error instanceof OpenGradientError || error instanceof ZkmlError) return error;
  if (isError(error, "INSUFFICIENT_FUNDS")) {
    const message = "The account cannot pay for the gas of a transaction.";
    return { code: "ACCOUNT_UNFUNDED", message, hint: "Send it ETH and repeat the command." };
  }
  if (isError(error, "NETWORK_ERROR") || isError(error, "TIMEOUT")) {
    const message = "The JSON-RPC node does not answer any more.";
    return { code: "RPC_UNREACHABLE", message, hint: "Repeat the command when it does." };
  }
  const message = error instanceof Error ? error.message : String(error);
  const hint = "This is not your mistake: please report it with the command that you ran.";
  return { code: "UNEXPECTED", message, hint };
}
