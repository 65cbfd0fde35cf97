import { itemisedFee } from "../../../sdk/price-quote.ts";
import type { RequestTerms, ShownReceipt } from "../batch.ts";
import type { Finding } from "../fault.ts";

/** A receipt that says something else than the request that it names, or takes another fee than its price comes to. */
export function checkPrice(shown: ShownReceipt): Finding | undefined {
  const { terms } = shown;
  if (terms === undefined) return undefined;
  const reason = contradiction(shown, terms) ?? wrongQuote(terms) ?? wrongFee(shown, terms);
  return reason === undefined ? undefined : { challenge: "challengeFee", shown, terms, reason };
}

const AGREED = ["modelId", "payer", "node", "tier", "inputHash"] as const;

function contradiction({ receipt }: ShownReceipt, { request }: RequestTerms): string | undefined {
  const member = AGREED.find((name) => receipt[name] !== request[name]);
  return member && `${member} is ${receipt[member]}, and ${request[member]} was asked for`;
}

const QUOTED = ["node", "modelId", "tier"] as const;

function wrongQuote({ request, quote }: RequestTerms): string | undefined {
  const member = QUOTED.find((name) => quote[name] !== request[name]);
  return member && `the price is for ${member} ${quote[member]}, not ${request[member]}`;
}

function wrongFee({ receipt }: ShownReceipt, { quote }: RequestTerms): string | undefined {
  const { total } = itemisedFee(quote, receipt);
  return receipt.fee === total ? undefined : `the fee is ${receipt.fee}, not ${total}`;
}
