import { z } from "zod";
import {
  decodeRequest,
  encodeRequest,
  invalidRequest,
  refuseIdleDraws,
  SAMPLING,
  wellFormedText,
  type CanonicalForm,
} from "./canonical-form.ts";

/** Who says a message. */
export const CHAT_ROLES = ["system", "user", "assistant"] as const;

export type ChatRole = (typeof CHAT_ROLES)[number];

/** How large a request may be, whatever model it is for. What a model can take in tokens is for its runtime to say. */
export interface ChatLimits {
  readonly bytes: number;
  readonly messages: number;
}

export const CHAT_LIMITS: ChatLimits = { bytes: 262_144, messages: 256 };

const WHAT = "chat request";

const message = z.strictObject({ role: z.enum(CHAT_ROLES), content: wellFormedText });

const chatRequestSchema = z
  .strictObject({
    /** The conversation so far. A system message comes first if at all, and the user has the last word. */
    messages: z.array(message).min(1),
    ...SAMPLING,
  })
  .superRefine((request, context) => {
    const { messages } = request;
    const refuse = (path: string, what: string) => {
      context.addIssue({ code: "custom", path: [path], message: what });
    };
    if (messages.slice(1).some(({ role }) => role === "system"))
      refuse("messages", "has a system message that is not the first");
    if (messages.at(-1)?.role !== "user") refuse("messages", "does not end with the user's");
    refuseIdleDraws(request, refuse);
  });

/**
 * What a language model is asked, and how it is to answer. Nothing that is not in it is applied: what can be left out means
 * what its comment says, never what a server likes.
 */
export type ChatRequest = z.output<typeof chatRequestSchema>;

export type ChatMessage = ChatRequest["messages"][number];

/**
 * Writes a request in canonical form, see `canonical-form.ts`. These bytes are the input of a request to the market, and what
 * receipts hash. `contracts/periphery/ChatRequest.sol` writes the same.
 *
 * @throws OpenGradientError `CHAT_REQUEST_INVALID`, naming every member that is wrong.
 */
export function canonicalRequest(
  request: ChatRequest,
  limits: ChatLimits = CHAT_LIMITS,
): Uint8Array {
  const bytes = encodeRequest(formWithin(limits), request);
  requireMessages(request, limits);
  return bytes;
}

/**
 * Reads what `canonicalRequest` writes, and nothing else.
 *
 * @throws OpenGradientError `CHAT_REQUEST_INVALID`.
 */
export function parseChatRequest(bytes: Uint8Array, limits: ChatLimits = CHAT_LIMITS): ChatRequest {
  const request = decodeRequest(formWithin(limits), bytes);
  requireMessages(request, limits);
  return request;
}

function formWithin({ bytes: maxBytes }: ChatLimits): CanonicalForm<ChatRequest> {
  return { what: WHAT, schema: chatRequestSchema, maxBytes };
}

function requireMessages({ messages }: ChatRequest, limits: ChatLimits): void {
  if (messages.length <= limits.messages) return;
  throw invalidRequest(WHAT, `has ${messages.length} messages; ${limits.messages} are taken`, {
    hint: "Leave earlier ones out.",
  });
}
