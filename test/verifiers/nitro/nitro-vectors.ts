import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { z } from "zod";

const indexSchema = z.array(
  z.object({
    file: z.string(),
    module_id: z.string(),
    timestamp_ms: z.number(),
    pcrs: z.record(z.string(), z.string()),
    public_key: z.string().nullable(),
    user_data: z.string().nullable(),
    nonce: z.string().nullable(),
    certs: z.array(z.object({ subject: z.string() })),
  }),
);

/** A recorded document of AWS's hardware, and what it says. */
export interface NitroVector {
  readonly name: string;
  readonly document: Uint8Array;
  readonly moduleId: string;
  readonly timestampMs: number;
  /** PCR0 ‖ PCR1 ‖ PCR2. */
  readonly pcrs: string;
  readonly publicKey: string;
  readonly userData: string;
  readonly nonce: string;
  readonly subjects: readonly string[];
}

/** All recorded documents of the folder, or none without it. */
export function nitroVectors(): NitroVector[] {
  const index = vectorFile("index.json");
  if (index === undefined) return [];
  return indexSchema.parse(JSON.parse(index.toString())).map((entry) => ({
    name: path.basename(entry.file, ".cose"),
    document: requiredFile(path.basename(entry.file)),
    moduleId: entry.module_id,
    timestampMs: entry.timestamp_ms,
    pcrs: `0x${["0", "1", "2"].map((i) => entry.pcrs[i] ?? "00".repeat(48)).join("")}`,
    publicKey: `0x${entry.public_key ?? ""}`,
    userData: `0x${entry.user_data ?? ""}`,
    nonce: `0x${entry.nonce ?? ""}`,
    subjects: entry.certs.map(({ subject }) => subject),
  }));
}

/** A recorded document that must be refused, or that is a twin. */
export function negativeDocument(name: string): Uint8Array {
  return requiredFile(`negative/${name}.cose`);
}

/** AWS's root, DER. */
export function awsRoot(): Uint8Array {
  return requiredFile("aws_nitro_root_g1.der");
}

function requiredFile(name: string): Uint8Array {
  const file = vectorFile(name);
  if (file === undefined) throw new Error("VECTORS_DIR is not set");
  return file;
}

function vectorFile(name: string): Buffer | undefined {
  const { VECTORS_DIR } = process.env;
  if (VECTORS_DIR === undefined) return undefined;
  return readFileSync(path.join(VECTORS_DIR, "attestation/nitro", name));
}
