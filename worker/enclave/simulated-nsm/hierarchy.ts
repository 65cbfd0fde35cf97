import { webcrypto } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import * as x509 from "../x509.ts";
import { OpenGradientError } from "../../../sdk/errors.ts";
import {
  createInstance,
  createRegional,
  createRoot,
  createZonal,
  randomHex,
  type Authority,
} from "./certificates.ts";

/** The authorities over one simulated machine, root first. */
export interface Hierarchy {
  readonly instanceId: string;
  readonly authorities: readonly [Authority, Authority, Authority, Authority];
}

const HOUR = 3_600_000;

/**
 * What must be left of a certificate's time for it to issue another: that one's whole life, so that no certificate outlives
 * its issuer.
 */
const NEEDED = {
  root: 20 * 24 * HOUR,
  regional: 6 * 24 * HOUR,
  zonal: 24 * HOUR,
  instance: 3 * HOUR,
};

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-384" };

/**
 * The hierarchy in a folder. What is not there is made, what ends too soon is made anew, and so is all below it.
 *
 * @param folder Holds the private keys of the root and of all below it, readable by its owner alone.
 * @throws OpenGradientError `ENCLAVE_ROOT_INVALID` if what is in the folder is no hierarchy of ours, or has a root that has
 * ended: only a person can decide to trust another one.
 */
export async function openHierarchy(folder: string, now: number): Promise<Hierarchy> {
  const root = await openRoot(folder, now);
  const regional = await renewed(folder, "regional", {
    issuer: root,
    now,
    create: () => createRegional(root, now),
  });
  const zonal = await renewed(folder, "zonal", {
    issuer: regional,
    now,
    create: () => createZonal(regional, now),
  });
  const instance = await renewed(folder, "instance", {
    issuer: zonal,
    now,
    create: () => createInstance(zonal, { instanceId: `i-${randomHex(9).slice(1)}`, now }),
  });
  const [instanceId = ""] = commonName(instance).split(".");
  return { instanceId, authorities: [root, regional, zonal, instance] };
}

/** DER of the root's certificate, which is made if need be: what a deployment is told to trust. */
export async function openEnclaveRoot(folder: string, now = Date.now()): Promise<Uint8Array> {
  return new Uint8Array((await openRoot(folder, now)).certificate.rawData);
}

async function openRoot(folder: string, now: number): Promise<Authority> {
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  const root = (await stored(folder, "root")) ?? (await firstRoot(folder, now));
  if (isValid(root, now, NEEDED.root)) return root;
  throw rootInvalid(
    `The root of the simulated enclaves in "${folder}" is not valid now.`,
    "Check this machine's clock. If the root has ended, delete the folder, and deploy for the new root that is made then.",
  );
}

/** Of two processes that start at once, the first to finish decides on the root, and the second takes it. */
async function firstRoot(folder: string, now: number): Promise<Authority> {
  const file = fileOf(folder, "root");
  const draft = `${file}.${randomHex(8)}`;
  const root = await createRoot(now);
  await writeFile(draft, await toPem(root), { mode: FILE_MODE });
  try {
    await link(draft, file);
    return root;
  } catch (error) {
    if (!isFault(error, "EEXIST")) throw error;
    return (await stored(folder, "root")) ?? root;
  } finally {
    await rm(draft);
  }
}

type Level = "regional" | "zonal" | "instance";

/** The stored authority of a level, if its issuer is still the same and it lives long enough; else a new one. */
async function renewed(
  folder: string,
  level: Level,
  { issuer, now, create }: { issuer: Authority; now: number; create: () => Promise<Authority> },
): Promise<Authority> {
  const present = await stored(folder, level);
  if (present && isValid(present, now, NEEDED[level]) && (await isIssuedBy(present, issuer))) {
    return present;
  }
  const authority = await create();
  const file = fileOf(folder, level);
  const draft = `${file}.${randomHex(8)}`;
  await writeFile(draft, await toPem(authority), { mode: FILE_MODE });
  await rename(draft, file);
  return authority;
}

async function isIssuedBy({ certificate }: Authority, issuer: Authority): Promise<boolean> {
  const { publicKey } = issuer.certificate;
  return await certificate.verify({ publicKey, signatureOnly: true }, webcrypto);
}

function isValid({ certificate }: Authority, now: number, needed: number): boolean {
  return certificate.notBefore.getTime() <= now && now + needed <= certificate.notAfter.getTime();
}

function commonName({ certificate }: Authority): string {
  return certificate.subjectName.getField("CN")[0] ?? "";
}

function fileOf(folder: string, level: Level | "root"): string {
  return path.join(folder, `${level}.pem`);
}

/** Certificate and key in one file, so that one never stands beside another's. */
async function toPem({ certificate, keys }: Authority): Promise<string> {
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  const pem = x509.PemConverter.encode(key, x509.PemConverter.PrivateKeyTag);
  return `${certificate.toString("pem")}\n${pem}\n`;
}

async function stored(folder: string, level: Level | "root"): Promise<Authority | undefined> {
  const file = fileOf(folder, level);
  try {
    return await fromPem(await readFile(file, "utf8"));
  } catch (cause) {
    if (isFault(cause, "ENOENT")) return undefined;
    throw rootInvalid(
      `"${file}" does not hold a certificate and its key.`,
      "Delete the folder; deployments that trust its root must be made anew.",
      cause,
    );
  }
}

async function fromPem(text: string): Promise<Authority> {
  const [certificatePart, keyPart] = x509.PemConverter.decodeWithHeaders(text);
  if (!certificatePart || !keyPart) throw new Error("a part is missing");
  const certificate = new x509.X509Certificate(certificatePart.rawData);
  const { rawData } = certificate.publicKey;
  const { subtle } = webcrypto;
  const keys = {
    publicKey: await subtle.importKey("spki", rawData, KEY_ALGORITHM, true, ["verify"]),
    privateKey: await subtle.importKey("pkcs8", keyPart.rawData, KEY_ALGORITHM, true, ["sign"]),
  };
  return { certificate, keys };
}

function isFault(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function rootInvalid(message: string, hint: string, cause?: unknown): OpenGradientError {
  return new OpenGradientError("ENCLAVE_ROOT_INVALID", message, hint, { cause });
}
