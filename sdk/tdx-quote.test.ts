import { expect } from "chai";
import { concat, getBytes, hexlify } from "ethers";
import { OpenGradientError } from "./errors.ts";
import { tdxQuote } from "./tdx-quote.ts";

const REGISTERS = [1, 2, 3, 4, 5].map((byte) => new Uint8Array(48).fill(byte));
const REPORT_DATA = new Uint8Array(64).fill(6);

/** A quote as Intel lays it out, with made-up content. */
function quote({ version = [4, 0], teeType = [0x81, 0, 0, 0] } = {}): Uint8Array {
  const bytes = new Uint8Array(700);
  bytes.set(version);
  bytes.set(teeType, 4);
  // The header has 48 bytes; MRTD is at 136 of the body, the RTMRs at 328, what the guest chose at 520.
  bytes.set(REGISTERS[0] ?? [], 184);
  REGISTERS.slice(1).forEach((register, i) => {
    bytes.set(register, 376 + 48 * i);
  });
  bytes.set(REPORT_DATA, 568);
  return bytes;
}

describe("TDX quote", () => {
  it("says what was measured, and what the guest put into it", () => {
    const { registers, reportData } = tdxQuote(quote());
    expect(registers).to.equal(concat(REGISTERS));
    expect(reportData).to.equal(hexlify(REPORT_DATA));
  });

  for (const [name, bytes] of [
    ["another version", quote({ version: [3, 0] })],
    ["a version that is 4 in its first byte only", quote({ version: [4, 1] })],
    ["other hardware", quote({ teeType: [0, 0, 0, 0] })],
    ["hardware that is TDX in its first byte only", quote({ teeType: [0x81, 0, 0, 1] })],
    ["less than a body", quote().slice(0, 631)],
    ["nothing", new Uint8Array()],
  ] as const)
    it(`is none with ${name}`, () => {
      expect(() => tdxQuote(bytes))
        .to.throw(OpenGradientError)
        .with.property("code", "ATTESTATION_INVALID");
    });

  it("may end right after its body", () => {
    expect(getBytes(tdxQuote(quote().slice(0, 632)).reportData)).to.deep.equal(REPORT_DATA);
  });
});
