import { randomBytes, randomUUID, webcrypto } from "node:crypto";
import * as x509 from "../x509.ts";

/** A certificate of the hierarchy with the key that it certifies. */
export interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

const CURVE = { name: "ECDSA", namedCurve: "P-384" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-384" };

/** Where the simulated machine stands, in names that nobody takes for those of AWS. */
const COUNTRY: x509.JsonNameParams = [{ C: [{ printableString: "XX" }] }];
const PLACE: x509.JsonNameParams = [utf8("ST", "Nowhere"), utf8("L", "Nowhere")];
const ORGANISATION: x509.JsonNameParams = [utf8("O", "OpenGradient"), utf8("OU", "TEST ONLY")];
const DOMAIN = "test-1.test.nitro-enclaves";
const ROOT_DOMAIN = "test.nitro-enclaves";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

/** From 2050 on RFC 5280 writes dates in another form than AWS's certificates have. */
const END_OF_SHORT_DATES = Date.UTC(2049, 11, 31, 23, 59, 59);

const { keyCertSign, cRLSign, digitalSignature, nonRepudiation } = x509.KeyUsageFlags;
const AUTHORITY_USAGES = digitalSignature | keyCertSign | cRLSign;

/** An attribute of a name, encoded as AWS encodes all but the country. */
function utf8(attribute: string, text: string) {
  return { [attribute]: [{ utf8String: text }] };
}

/** What AWS's certificates of a level have; the simulated ones have the same, in the same order. */
interface Form {
  readonly subject: x509.JsonNameParams;
  readonly serialNumber: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly extensions: (key: webcrypto.CryptoKey) => Promise<x509.Extension[]>;
}

/** The root: trusted by whoever deploys for it, and by nobody else. */
export async function createRoot(now: number): Promise<Authority> {
  return await issue(undefined, {
    subject: [...COUNTRY, ...ORGANISATION, utf8("CN", ROOT_DOMAIN)],
    serialNumber: randomSerial(),
    notBefore: now - HOUR,
    notAfter: Math.min(now + 30 * 365 * DAY, END_OF_SHORT_DATES),
    extensions: async (key) => [
      new x509.BasicConstraintsExtension(true, undefined, true),
      await x509.SubjectKeyIdentifierExtension.create(key, false, webcrypto),
      keyUsages(AUTHORITY_USAGES, { critical: true }),
    ],
  });
}

/** The authority of a region, which AWS renews every few weeks. */
export async function createRegional(root: Authority, now: number): Promise<Authority> {
  return await issue(root, {
    subject: [...COUNTRY, ...ORGANISATION, utf8("CN", `${randomHex(8)}.${DOMAIN}`)],
    serialNumber: randomSerial(),
    notBefore: now - HOUR,
    notAfter: now + 20 * DAY,
    extensions: (key) => authorityExtensions(root, key, 2),
  });
}

/** The authority of a zone, which AWS renews every few days; its name is in another order than all others. */
export async function createZonal(regional: Authority, now: number): Promise<Authority> {
  const name = utf8("CN", `${randomHex(8)}.zonal.${DOMAIN}`);
  return await issue(regional, {
    subject: [name, ...ORGANISATION.toReversed(), ...COUNTRY, ...PLACE],
    serialNumber: randomSerial(),
    notBefore: now - HOUR,
    notAfter: now - HOUR + 6 * DAY,
    extensions: (key) => authorityExtensions(regional, key, 1),
  });
}

/** The authority of one machine, for a day. */
export async function createInstance(
  zonal: Authority,
  { instanceId, now }: { instanceId: string; now: number },
): Promise<Authority> {
  return await issue(zonal, {
    subject: [...COUNTRY, ...PLACE, ...ORGANISATION, utf8("CN", `${instanceId}.${DOMAIN}`)],
    serialNumber: randomHex(20),
    notBefore: now - HOUR,
    notAfter: now - HOUR + DAY,
    extensions: async (key) => [
      new x509.BasicConstraintsExtension(true, 0, true),
      keyUsages(keyCertSign, { critical: true }),
      await x509.SubjectKeyIdentifierExtension.create(key, false, webcrypto),
      await x509.AuthorityKeyIdentifierExtension.create(
        zonal.certificate.publicKey,
        false,
        webcrypto,
      ),
    ],
  });
}

/** The certificate of one enclave's module, for three hours; a document has a fresh one. */
export async function createLeaf(
  instance: Authority,
  { instanceId, enclaveId, now }: { instanceId: string; enclaveId: string; now: number },
): Promise<Authority> {
  const seconds = Math.floor(now / SECOND);
  return await issue(instance, {
    subject: [
      ...COUNTRY,
      ...PLACE,
      ...ORGANISATION,
      utf8("CN", `${instanceId}-enc${enclaveId}.test-1.test`),
    ],
    serialNumber: enclaveId + seconds.toString(16).padStart(16, "0"),
    notBefore: now - 3 * SECOND,
    notAfter: now + 3 * HOUR,
    extensions: () =>
      Promise.resolve([
        new x509.BasicConstraintsExtension(false, undefined, true),
        keyUsages(digitalSignature | nonRepudiation, { critical: false }),
      ]),
  });
}

async function authorityExtensions(
  issuer: Authority,
  key: webcrypto.CryptoKey,
  pathLength: number,
): Promise<x509.Extension[]> {
  const { publicKey } = issuer.certificate;
  return [
    new x509.BasicConstraintsExtension(true, pathLength, true),
    await x509.AuthorityKeyIdentifierExtension.create(publicKey, false, webcrypto),
    await x509.SubjectKeyIdentifierExtension.create(key, false, webcrypto),
    keyUsages(AUTHORITY_USAGES, { critical: true }),
    new x509.CRLDistributionPointsExtension([`http://crl.test.invalid/crl/${randomUUID()}.crl`]),
  ];
}

function keyUsages(usages: number, { critical }: { critical: boolean }): x509.Extension {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- The library's flags are made to be combined.
  return new x509.KeyUsagesExtension(usages, critical);
}

/** Makes a key, and has the issuer certify it; without an issuer it certifies itself. */
async function issue(issuer: Authority | undefined, form: Form): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(CURVE, true, ["sign", "verify"]);
  const subject = new x509.Name(form.subject);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: form.serialNumber,
      subject,
      issuer: issuer?.certificate.subjectName ?? subject,
      notBefore: wholeSeconds(form.notBefore),
      notAfter: wholeSeconds(form.notAfter),
      publicKey: keys.publicKey,
      signingKey: (issuer ?? { keys }).keys.privateKey,
      signingAlgorithm: SIGNATURE,
      extensions: await form.extensions(keys.publicKey),
    },
    webcrypto,
  );
  return { certificate, keys };
}

function wholeSeconds(time: number): Date {
  return new Date(Math.floor(time / SECOND) * SECOND);
}

export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}

/** A positive serial number of full length. */
function randomSerial(): string {
  const serial = randomBytes(16);
  serial.writeUInt8(serial.readUInt8(0) | 0x40, 0);
  return serial.toString("hex");
}
