import type { z } from "zod";
import type { DirectRecord } from "../receipts/direct-answer.ts";
import { itemisedFee } from "../../sdk/price-quote.ts";
import type { receiptEnvelopeSchema } from "../../sdk/receipt-envelope.ts";
import type { Settlement } from "../../sdk/receipt.ts";

/** A receipt with its terms and price, as it goes over the wire. */
export type EncodedEnvelope = z.input<typeof receiptEnvelopeSchema>;

type Encoded<T> = { readonly [K in keyof T]: T[K] extends bigint ? string : T[K] };

/**
 * What comes with an answer. Written by hand and not by the schema, which would compute the checksum of each address again, and
 * take longer than all else that is done for a request; a test holds it to the schema.
 */
export function envelopeOf(
  { chainId, settledBy }: Settlement,
  { signer, signature, receipt, request, quote }: DirectRecord,
): EncodedEnvelope {
  return {
    chainId: chainId.toString(),
    ledger: settledBy,
    signer,
    signature,
    receipt: encoded(receipt),
    request: encoded(request),
    quote: encoded(quote),
    fee: encoded(itemisedFee(quote, receipt)),
  };
}

/** For a header: base64url of its JSON. */
export function envelopeHeader(envelope: EncodedEnvelope): string {
  return Buffer.from(JSON.stringify(envelope)).toString("base64url");
}

function encoded<T extends object>(values: T): Encoded<T> {
  const entries = Object.entries(values).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === "bigint" ? value.toString() : value,
  ]);
  return Object.fromEntries(entries) as Encoded<T>;
}
