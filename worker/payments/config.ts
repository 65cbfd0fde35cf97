import { isAddress, parseEther } from "ethers";
import { z } from "zod";

/** OPG as decimal text: no precision is lost. */
function opg(fallback: string) {
  return z
    .string()
    .regex(/^\d{1,10}(\.\d{1,18})?$/, 'is not an amount of OPG in quotes, like "2.5"')
    .default(fallback)
    .transform((text) => parseEther(text));
}

/** How answers over HTTP are paid: section `payments` of a worker's configuration. */
export const paymentsConfigSchema = z
  .strictObject({
    /** Answers everybody for nothing, on a network of one's own; nothing else here counts then. */
    free: z.boolean().default(false),
    /** Channels of `FeeEscrow`; false: none are taken. */
    vouchers: z
      .strictObject({
        /** What a channel may owe, in OPG; "0": every answer is paid before. */
        credit: opg("1"),
        /** Least with which the node opens or funds a channel for its payer, whose gas the node pays; in OPG. */
        minimumDeposit: opg("1"),
        /** Openings and fundings under way at the same time. */
        fundingsAtOnce: z.int().min(1).max(256).default(8),
        /** What has to be claimable from a channel until it is claimed, in OPG: worth its gas. Closing ones do not wait for it. */
        claimAt: opg("5"),
        /** What has to be claimable from a closing channel, or when the worker stops, in OPG. */
        claimAtEnd: opg("0.01"),
        /** How often claims are looked for. */
        claimIntervalMs: z.int().min(100).default(60_000),
      })
      .or(z.literal(false))
      .prefault({}),
    /** Single payments by x402; false: none are taken. */
    x402: z
      .strictObject({
        /** Account that is paid; without it, the operator. */
        payTo: z.string().refine(isAddress, "is not an address").optional(),
        /** For how long a payment has to be good: an answer has to be there by then. */
        maxTimeoutSeconds: z.int().min(30).max(3_600).default(300),
        /** Least that an answer may cost to be paid so, in OPG: each is a transaction. */
        minimumAmount: opg("0.001"),
      })
      .or(z.literal(false))
      .prefault({}),
  })
  .refine(({ free, vouchers, x402 }) => free || vouchers !== false || x402 !== false, {
    error: "takes no payment: let it be free, or take vouchers or x402",
  });

/** How answers are paid; amounts in wei. */
export type PaymentsConfig = z.output<typeof paymentsConfigSchema>;

export type VouchersConfig = Exclude<PaymentsConfig["vouchers"], false>;

export type X402Config = Exclude<PaymentsConfig["x402"], false>;
