import { getBytes, hexlify } from "ethers";
import type { AttestedData } from "./device.ts";
import { tdxReportData } from "../../../sdk/enclave.ts";

/** Layout of a version 4 quote of Intel TDX 1.0: header, then the report, whose last 64 bytes the code chose. */
const VERSION_4 = 4;
const TDX = 0x81;
const HEADER_BYTES = 48;
const REPORT_BYTES = 584;
const REPORT_DATA_BYTES = 64;

/** What an enclave has a quote carry: the address of its key ‖ 12 zero bytes ‖ nonce. The nonce covers the binding. */
export function reportDataOf({
  address,
  nonce,
}: Pick<AttestedData, "address" | "nonce">): Uint8Array {
  return getBytes(tdxReportData(address, hexlify(nonce)));
}

/** The report data of a quote; undefined if it is no version 4 quote of TDX. Nothing of it was checked. */
export function readReportData(quote: Uint8Array): Uint8Array | undefined {
  const end = HEADER_BYTES + REPORT_BYTES;
  if (quote.length < end) return undefined;
  const view = new DataView(quote.buffer, quote.byteOffset, quote.byteLength);
  const isTdx = view.getUint16(0, true) === VERSION_4 && view.getUint32(4, true) === TDX;
  return isTdx ? quote.slice(end - REPORT_DATA_BYTES, end) : undefined;
}

/** Whether a quote carries this data. */
export function isTdxQuoteOf(
  quote: Uint8Array,
  data: Pick<AttestedData, "address" | "nonce">,
): boolean {
  const found = readReportData(quote);
  return found !== undefined && Buffer.compare(found, reportDataOf(data)) === 0;
}
