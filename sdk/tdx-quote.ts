import { dataLength, dataSlice, toBigInt, type BytesLike } from "ethers";
import { OpenGradientError } from "./errors.ts";

/** Layout of a quote of version 4: Intel's DCAP quote generation library, "TD quote". Offsets in bytes. */
const VERSION = { at: 0, value: 4n } as const;
const TEE_TYPE = { at: 4, value: 0x81n } as const;
const MRTD_AT = 184;
const RTMRS_AT = 376;
const REPORT_DATA_AT = 568;
const BODY_END = 632;

const REGISTER_BYTES = 48;
const RTMRS = 4;

/** What a quote of Intel TDX says; nothing of it is checked here. */
export interface TdxQuote {
  /** MRTD ‖ RTMR0 ‖ RTMR1 ‖ RTMR2 ‖ RTMR3. */
  readonly registers: string;
  /** 64 bytes. */
  readonly reportData: string;
}

/**
 * Reads what a quote of Intel TDX measures.
 *
 * @throws OpenGradientError `ATTESTATION_INVALID` if it is no TDX quote of version 4.
 */
export function tdxQuote(quote: BytesLike): TdxQuote {
  if (
    dataLength(quote) < BODY_END ||
    littleEndian(quote, VERSION.at, 2) !== VERSION.value ||
    littleEndian(quote, TEE_TYPE.at, 4) !== TEE_TYPE.value
  )
    throw new OpenGradientError(
      "ATTESTATION_INVALID",
      "This is no quote of Intel TDX of version 4.",
      "Give the quote as the guest's agent returned it.",
    );
  const mrtd = dataSlice(quote, MRTD_AT, MRTD_AT + REGISTER_BYTES);
  const rtmrs = dataSlice(quote, RTMRS_AT, RTMRS_AT + RTMRS * REGISTER_BYTES);
  return {
    registers: `${mrtd}${rtmrs.slice(2)}`,
    reportData: dataSlice(quote, REPORT_DATA_AT, BODY_END),
  };
}

function littleEndian(quote: BytesLike, start: number, length: number): bigint {
  const bytes = dataSlice(quote, start, start + length).slice(2);
  return toBigInt(`0x${(bytes.match(/../g) ?? []).toReversed().join("")}`);
}
