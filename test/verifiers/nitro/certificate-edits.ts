import {
  bitString,
  der,
  derTrue,
  hex,
  integer,
  octetString,
  oid,
  sequence,
} from "../../fixtures/der.ts";
import {
  ECDSA_WITH_SHA384,
  keyInfoOf,
  secretOf,
  signDer,
  type CertificateEdit,
  type CertificateParts,
  type LinkName,
} from "../../fixtures/nitro-certificates.ts";

/** What a test changes of a chain. */
export type Edits = Partial<Record<LinkName, CertificateEdit>>;

/** An uncompressed point. */
export const POINT = keyInfoOf(secretOf("zone")).slice(-97);

export function withParts(
  parts: (own: CertificateParts) => Partial<CertificateParts>,
): CertificateEdit {
  return { parts };
}

export type Change =
  | Partial<CertificateParts>
  | readonly Uint8Array[]
  | ((own: readonly Uint8Array[]) => readonly Uint8Array[])
  | { readonly edit: CertificateEdit };

/** Parts, or all extensions, or some more, of one certificate of the chain. */
function editOf(change: Change, more: Partial<CertificateParts> = {}): CertificateEdit {
  if ("edit" in change) return change.edit;
  return withParts((own) => {
    if (typeof change === "function") return { extensions: change(own.extensions), ...more };
    return isList(change) ? { extensions: change } : change;
  });
}

function isList(change: unknown): change is readonly Uint8Array[] {
  return Array.isArray(change);
}

export function region(change: Change): Edits {
  return { region: editOf(change) };
}

export function zone(change: Change, more?: Partial<CertificateParts>): Edits {
  return { zone: editOf(change, more) };
}

export function instance(change: Change): Edits {
  return { instance: editOf(change) };
}

export function enclave(change: Change): Edits {
  return { enclave: editOf(change) };
}

/** The finished certificate changed. */
export function bytes(edit: NonNullable<CertificateEdit["signed"]>): Change {
  return { edit: { signed: edit } };
}

/** Another signature, of a certificate that no store knows. */
export function signed(signature: Uint8Array): Change {
  return {
    edit: { ...unknown(), signed: (_, tbs) => sequence(tbs, ECDSA_WITH_SHA384, signature) },
  };
}

/** Another number makes another certificate. */
function unknown(): CertificateEdit {
  return withParts(() => ({ serial: integer(5n) }));
}

/** A good signature of another key, for a certificate that no store knows. */
export function resigned(by: string): Change {
  const signWith = (tbs: Uint8Array) => signDer(tbs, secretOf(by));
  return {
    edit: { ...unknown(), signed: (_, tbs) => sequence(tbs, ECDSA_WITH_SHA384, signWith(tbs)) },
  };
}

/** Another algorithm in the second place. */
export function outside(algorithm: Uint8Array): Change {
  return bytes((_, tbs, signature) => sequence(tbs, algorithm, signature));
}

export function keyInfo(curve: string, point: Uint8Array): Uint8Array {
  return sequence(sequence(oid("2a8648ce3d0201"), oid(curve)), bitString(point));
}

/** A short element with its length in the form for longer ones. */
export function longer(element: Uint8Array, form: 0x81 | 0x82): Uint8Array {
  const [tag = 0, length = 0] = element;
  const head = form === 0x81 ? [tag, form, length] : [tag, form, 0, length];
  return Buffer.concat([Buffer.from(head), element.slice(2)]);
}

export function constraints(content: Uint8Array, isCritical = true): Uint8Array {
  const critical = isCritical ? [derTrue] : [];
  return sequence(oid("551d13"), ...critical, octetString(sequence(content)));
}

/** KeyUsage with this value. */
export function usage(digits: string): Uint8Array {
  return sequence(oid("551d0f"), derTrue, octetString(hex(digits.replaceAll(" ", ""))));
}

/** issuerUniqueID, which version 2 brought, before the extensions. */
export function uniqueIdentifier(): Change {
  return {
    edit: withParts(({ keyInfo: own }) => ({ keyInfo: Buffer.concat([own, hex("810100")]) })),
  };
}

export function withoutExtensions(): Change {
  return bytes((_, tbs, signature) => sequence(cut(tbs, 0), ECDSA_WITH_SHA384, signature));
}

/** The contents end within the key. */
export function cutKey(): Change {
  return bytes((_, tbs, signature) => sequence(cut(tbs, 40), ECDSA_WITH_SHA384, signature));
}

/** The same without its last element, the extensions, and without `more` bytes before it. */
function cut(tbs: Uint8Array, more: number): Uint8Array {
  const content = tbs.slice(4);
  const key = Buffer.from(content).indexOf(POINT);
  return sequence(content.slice(0, key + POINT.length - more));
}

/** Something more within the extensions' wrapper. */
export function extensionsAnd(more: Uint8Array): Change {
  return {
    edit: withParts(({ extensions }) => ({
      extensions: [],
      rest: new Uint8Array(),
      keyInfo: Buffer.concat([
        keyInfoOf(secretOf("zone")),
        der(0xa3, sequence(...extensions), more),
      ]),
    })),
  };
}
