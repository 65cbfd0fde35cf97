import process from "node:process";
import { Command } from "commander";
import { keccak256 } from "ethers";
import { OpenGradientError } from "../../../sdk/errors.ts";
import { AWS_NITRO_ROOT_HASH } from "../../../sdk/nitro/aws-root.ts";
import { nitroDocument, type NitroDescription } from "../../../sdk/nitro/describe.ts";
import {
  checkDocument,
  type DocumentCheck,
  type DocumentGas,
  type DocumentVerdict,
} from "../../attestation/check-document.ts";
import { readRoot } from "../../attestation/root-certificate.ts";
import { DOCUMENT_TIME, momentOrDocument } from "../../attestation/time.ts";
import { startVerifierChain } from "../../attestation/verifier-chain.ts";
import { readInputFile } from "../../files.ts";
import { withJsonOption } from "../../json-option.ts";
import { printResult } from "../../output.ts";

/** Exit code of a document that was checked and does not hold; 1 says that it could not be checked. */
const DOES_NOT_HOLD = 2;

interface Options {
  readonly at?: Date | typeof DOCUMENT_TIME;
  readonly root?: string;
  readonly json: boolean;
}

export function verifyCommand(): Command {
  const command = new Command("verify")
    .description(
      "Run the contracts on an attestation document of AWS Nitro, on a chain in this process;\n" +
        "exit code 0 if it holds, 2 if not",
    )
    .argument("<file>", "document as the security module gives it (COSE_Sign1)")
    .option(
      "--at <time>",
      'when to check it: seconds since 1970, 2026-02-12T17:56:02Z, or "document" for its own time; now, if not given',
      momentOrDocument,
    )
    .option("--root <file>", "root certificate to trust instead of that of AWS, DER or PEM");
  return withJsonOption(command).action(async (file: string, { at, root, json }: Options) => {
    const document = await readInputFile(file);
    const time = at === DOCUMENT_TIME ? timeOf(document) : (at ?? new Date());
    const rootHash = root === undefined ? AWS_NITRO_ROOT_HASH : keccak256(await readRoot(root));
    const { verifier, close } = await startVerifierChain(rootHash, time);
    const verdict = await checkDocument(verifier, document).finally(close);
    printResult(json, { object: objectOf(verdict, time), lines: linesOf(verdict, time) });
    if (!verdict.holds) process.exitCode = DOES_NOT_HOLD;
  });
}

/** Of a document that tells none, now: that it cannot be read is the verdict. */
function timeOf(document: Uint8Array): Date {
  try {
    return nitroDocument(document).time;
  } catch (error) {
    if (error instanceof OpenGradientError) return new Date();
    throw error;
  }
}

function objectOf({ holds, checks, description, gas }: DocumentVerdict, time: Date): object {
  return {
    holds,
    checkedAt: time.toISOString(),
    checks: checks.map(({ check, holds, detail }) => ({ check, holds: holds ?? null, detail })),
    ...(description !== undefined && { document: documentObject(description) }),
    ...(gas !== undefined && {
      gas: Object.fromEntries(Object.entries(gas).map(([name, used]) => [name, String(used)])),
    }),
  };
}

function documentObject({ pcrs, certificates, time, ...rest }: NitroDescription): object {
  return {
    ...rest,
    time: time.toISOString(),
    pcrs: Object.fromEntries(pcrs),
    certificates: certificates.map(({ serial, notBefore, notAfter, ...certificate }) => ({
      ...certificate,
      serial: serial.toString(),
      notBefore: notBefore.toISOString(),
      notAfter: notAfter.toISOString(),
    })),
  };
}

function linesOf({ holds, checks, description, gas }: DocumentVerdict, time: Date): string[] {
  return [
    ...checks.map(checkLine),
    ...(description === undefined ? [] : ["", ...descriptionLines(description, holds)]),
    ...(gas === undefined ? [] : ["", ...gasLines(gas)]),
    "",
    `At ${time.toISOString()} the document ${holds ? "holds" : "does NOT hold"}.`,
    ...(isOfAnotherTime(checks) ? [OTHER_TIME] : []),
  ];
}

const OTHER_TIME = "Documents hold for hours only: --at document checks this one at its own time.";

function isOfAnotherTime(checks: readonly DocumentCheck[]): boolean {
  return checks.some(({ detail }) => detail.startsWith("CertStoreNotValidNow("));
}

function checkLine({ check, holds, detail }: DocumentCheck): string {
  const mark = holds === undefined ? " ? " : holds ? "yes" : "NO ";
  return `${mark}  ${check}\n     ${detail}`;
}

function descriptionLines(description: NitroDescription, holds: boolean): string[] {
  const { moduleId, pcrs, measurementId, publicKey, userData, nonce, payloadHash } = description;
  const registers = [...pcrs].filter(([, value]) => BigInt(value) !== 0n);
  return [
    holds ? "What it says" : "What it says, and nobody vouches for",
    `module       ${moduleId}`,
    ...registers.map(([index, value]) => `${`PCR${index}`.padEnd(12)} ${value}`),
    `             ${pcrs.size - registers.length} registers are zero`,
    `measurement  ${measurementId}`,
    `public_key   ${publicKey}`,
    `user_data    ${userData}`,
    `nonce        ${nonce}`,
    `payload      ${payloadHash}`,
  ];
}

function gasLines({ cold, authoritiesStored, chainStored }: DocumentGas): string[] {
  const figure = (gas: bigint) => gas.toLocaleString("en").padStart(10);
  return [
    `gas of the first document                 ${figure(cold)}`,
    `gas, authorities' certificates stored     ${figure(authoritiesStored)}`,
    `gas, the enclave's certificate stored too ${figure(chainStored)}`,
  ];
}
