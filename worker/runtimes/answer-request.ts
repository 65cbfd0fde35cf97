import { toUtf8Bytes } from "ethers";
import type { FinishReason, GenerateOptions, Runtime } from "./runtime.ts";
import { asksForVectors, type ModelRequest } from "../../sdk/model-request.ts";
import type { Usage } from "../../sdk/price-quote.ts";

/** What receipts are about: the bytes of an answer, and what it used. */
export interface ModelAnswer {
  readonly output: Uint8Array;
  readonly usage: Usage;
  readonly finishReason: FinishReason;
}

/**
 * The most that an answer can use.
 *
 * @throws OpenGradientError like `Runtime.check`.
 */
export async function measureRequest(runtime: Runtime, request: ModelRequest): Promise<Usage> {
  return unitsOf(await runtime.check(request));
}

/**
 * Answers a request, with text as UTF-8 or with vectors, whichever it asks for.
 *
 * @throws OpenGradientError like `Runtime.generate` and `Runtime.embed`.
 */
export async function answerRequest(
  runtime: Runtime,
  request: ModelRequest,
  options: GenerateOptions,
): Promise<ModelAnswer> {
  if (asksForVectors(request)) {
    const { vectors, inputTokens } = await runtime.embed(request, options);
    // Vectors are whole, or there are none.
    const usage = unitsOf({ inputTokens, outputTokens: 0 });
    return { output: vectors, usage, finishReason: "stop" };
  }
  const generation = await runtime.generate(request, options);
  const { text, finishReason } = generation;
  return { output: toUtf8Bytes(text), usage: unitsOf(generation), finishReason };
}

function unitsOf(used: { readonly inputTokens: number; readonly outputTokens: number }): Usage {
  return { inputUnits: BigInt(used.inputTokens), outputUnits: BigInt(used.outputTokens) };
}
