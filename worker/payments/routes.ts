import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { channelId } from "../../sdk/channel.ts";
import {
  closeAnswerSchema,
  closeRequestSchema,
  type CloseAnswer,
  type CloseRequest,
} from "../../sdk/payments/voucher-header.ts";
import { bytes32 } from "../../sdk/wire.ts";
import { failureResponse, GatewayError } from "../gateway/failure.ts";
import type { Channel } from "./channel.ts";
import type { ChannelBook } from "./channel-book.ts";
import type { Closer } from "./closer.ts";
import { Exclusive } from "./exclusive.ts";
import type { VoucherChecker } from "./voucher-checker.ts";

export interface PaymentRoutesOptions {
  readonly node: string;
  readonly book: ChannelBook;
  readonly checker: VoucherChecker;
  readonly closer: Closer;
}

/** A request to close holds one voucher. */
const MAX_BODY_BYTES = 16_384;

/**
 * `POST /v1/channels/:id/close`: the node consents that its payer closes a channel now, for what was charged. The payer shows that it
 * is the payer, and that it agrees, by a voucher over exactly that. Nothing is answered on the channel any more.
 */
export function createPaymentRoutes(options: PaymentRoutesOptions): Hono {
  const app = new Hono();
  const exclusive = new Exclusive();
  app.onError((error) => failureResponse(error));
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () =>
        failureResponse(new GatewayError(413, "body_too_large", "A voucher is not that long.")),
    }),
  );
  app.post("/v1/channels/:id/close", async ({ req, json }) => {
    const id = req.param("id").toLowerCase();
    const asked = readClose(await req.text());
    const { node } = options;
    if (!bytes32.safeParse(id).success || channelId({ ...asked, node }) !== id)
      throw new GatewayError(400, "channel_mismatch", "This is another channel's voucher.");
    const answer = await exclusive.run(id, () => close(options, asked));
    return json(z.encode(closeAnswerSchema, answer));
  });
  return app;
}

/** @throws GatewayError 400. */
function readClose(body: string): CloseRequest {
  try {
    return closeRequestSchema.parse(JSON.parse(body));
  } catch (cause) {
    throw new GatewayError(400, "close_malformed", "The body is no request to close a channel.", {
      cause,
    });
  }
}

async function close(options: PaymentRoutesOptions, asked: CloseRequest): Promise<CloseAnswer> {
  const { node, book, checker, closer } = options;
  const { payer, salt, cumulative, signature } = asked;
  const channel = await book.enter({ payer, node, salt });
  try {
    const voucher = { channelId: channel.id, cumulative };
    const signedBy = await checker.signerOf(payer, voucher, signature);
    if (signedBy === undefined)
      throw new GatewayError(403, "voucher_invalid", "The voucher is not signed by the payer.");
    // Before it is closed: a channel that ends without the node's consent stays open until then.
    const consent = await closer.consent(voucher);
    requireClosable(channel, cumulative);
    if (!channel.isRetired) await book.retire(channel, { cumulative, signature, signedBy });
    return { channelId: channel.id, node, salt, cumulative, signature: consent };
  } finally {
    book.leave(channel);
  }
}

/** @throws GatewayError 409. */
function requireClosable({ onChain, charged, reserved }: Channel, cumulative: bigint): void {
  if (onChain.status === "none" || onChain.status === "closed")
    throw new GatewayError(409, `channel_${onChain.status}`, "There is no such channel to close.");
  if (reserved > 0n)
    throw new GatewayError(409, "channel_busy", "Answers are under way. Ask again after them.", {
      headers: { "Retry-After": "1" },
    });
  if (cumulative !== charged)
    throw new GatewayError(409, "charged_otherwise", `Its answers cost ${charged} wei in all.`, {
      details: { charged: String(charged) },
    });
}
