import { OpenGradientError } from "../../sdk/errors.ts";
import { nitroDocument, type NitroDescription } from "../../sdk/nitro/describe.ts";
import { describeRevert } from "../../sdk/reverts.ts";
import type { NitroVerifier } from "../../typechain-types/index.js";
import { possibleHints, type HintedDocument } from "./possible-hints.ts";

/** One condition of a document, and what the contract found. */
export interface DocumentCheck {
  readonly check: string;
  /** `undefined`: not reached, because an earlier one does not hold. */
  readonly holds: boolean | undefined;
  readonly detail: string;
}

/** What verifying a document on chain came to. */
export interface DocumentVerdict {
  readonly holds: boolean;
  readonly checks: readonly DocumentCheck[];
  /** What the document says; nothing if it cannot be read. */
  readonly description: NitroDescription | undefined;
  /** Gas of whole transactions; nothing if the contract refuses it. */
  readonly gas: DocumentGas | undefined;
}

export interface DocumentGas {
  /** All certificates are new to the contract. */
  readonly cold: bigint;
  /** Those of the authorities are stored, as they are after the first document. */
  readonly authoritiesStored: bigint;
  /** The enclave's own is stored too: somebody brought it ahead. */
  readonly chainStored: bigint;
}

/**
 * Runs `NitroVerifier` on a document and, before that, on every part of its chain, to say what holds and what does not. The
 * contract's word is the verdict; that no enclave in debug mode is trusted, the registry adds.
 */
export async function checkDocument(
  verifier: NitroVerifier,
  document: Uint8Array,
): Promise<DocumentVerdict> {
  const form = await checkForm(verifier, document);
  const { description } = form;
  if (description === undefined)
    return { holds: false, checks: [form.check], description, gas: undefined };
  const hinted = possibleHints(document);
  const chain = await checkChain(verifier, hinted, description);
  const signature = chain.every(isMet)
    ? await checkSignature(verifier, document, hinted)
    : notReached(SIGNATURE);
  const checks = [form.check, ...chain, signature, checkMode(description)];
  const gas = isMet(signature) ? await gasOf(verifier, document, hinted) : undefined;
  return { holds: checks.every(isMet), checks, description, gas };
}

const SIGNATURE = "the document is signed by the last certificate's key";

/** What the SDK cannot read, the contract is shown as well: its refusal is the verdict. */
async function checkForm(
  verifier: NitroVerifier,
  document: Uint8Array,
): Promise<{ readonly check: DocumentCheck; readonly description?: NitroDescription }> {
  const check = "the document has the form that AWS gives it";
  try {
    const description = nitroDocument(document);
    const detail = `${document.length} bytes, made ${description.time.toISOString()}`;
    return { check: { check, holds: true, detail }, description };
  } catch (error) {
    if (!(error instanceof OpenGradientError)) throw error;
    const refusal = await refusalOf(() => verifier.verify.staticCall(document, []));
    const detail = [error.message, ...(refusal === undefined ? [] : [refusal])].join("; ");
    return { check: { check, holds: false, detail } };
  }
}

/** The chain is brought to the contract one certificate longer each time, so that a refusal is about the last. */
async function checkChain(
  verifier: NitroVerifier,
  { chain, hints }: HintedDocument,
  { certificates }: NitroDescription,
): Promise<DocumentCheck[]> {
  const checks: DocumentCheck[] = [];
  for (const [index, { subject, notBefore, notAfter }] of certificates.entries()) {
    const check = `certificate ${index} is trusted: ${subject}`;
    if (!checks.every(isMet)) {
      checks.push(notReached(check));
      continue;
    }
    const refusal = await refusalOf(() =>
      verifier.addCertificates.staticCall(chain.slice(0, index + 1), hints.slice(0, index)),
    );
    const dates = `holds from ${notBefore.toISOString()} to ${notAfter.toISOString()}`;
    checks.push({ check, holds: refusal === undefined, detail: refusal ?? dates });
  }
  return checks;
}

async function checkSignature(
  verifier: NitroVerifier,
  document: Uint8Array,
  { hints }: HintedDocument,
): Promise<DocumentCheck> {
  const refusal = await refusalOf(() => verifier.verify.staticCall(document, [...hints]));
  const detail = refusal ?? "ECDSA over P-384 and SHA-384";
  return { check: SIGNATURE, holds: refusal === undefined, detail };
}

function checkMode({ isDebug }: NitroDescription): DocumentCheck {
  return {
    check: "the enclave was not started in debug mode",
    holds: !isDebug,
    detail: isDebug
      ? "PCR0 to PCR2 are zero: anybody can look into it, no registry takes its key"
      : "PCR0 to PCR2 measure its code",
  };
}

async function gasOf(
  verifier: NitroVerifier,
  document: Uint8Array,
  { chain, hints }: HintedDocument,
): Promise<DocumentGas> {
  const used = async () =>
    (await (await verifier.verify(document, [...hints])).wait())?.gasUsed ?? 0n;
  const [cold, authoritiesStored] = [await used(), await used()];
  await verifier.addCertificates([...chain], hints.slice(0, -1));
  return { cold, authoritiesStored, chainStored: await used() };
}

/** The contract's reason, or nothing if it accepts. */
async function refusalOf(call: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    const reason = describeRevert(error);
    if (reason === undefined) throw error;
    return reason;
  }
}

function isMet({ holds }: DocumentCheck): boolean {
  return holds === true;
}

function notReached(check: string): DocumentCheck {
  return { check, holds: undefined, detail: "not reached" };
}
