import { decode, encode } from "cborg";
import { getBytes, hexlify, isBytesLike, keccak256, type BytesLike } from "ethers";
import { z } from "zod";
import { malformed } from "./malformed.ts";

/** Bytes that a document has at most; the contract's limits of its parts add up to less. */
const MAX_DOCUMENT_LENGTH = 16_384;

/** CBOR's tag for COSE_Sign1, which the hardware leaves out. */
const TAG = 0xd2;

/** {1: -35}: ES384. */
const PROTECTED_HEADER = "0xa1013822";

const PCR_COUNT = 32;
const PCR_LENGTH = 48;

const bytes = (minimum: number, maximum: number) =>
  z.instanceof(Uint8Array).refine(({ length }) => length >= minimum && length <= maximum, {
    error: ({ input }) =>
      `has ${input instanceof Uint8Array ? input.length : 0} bytes, not ${minimum} to ${maximum}`,
  });

const coseSchema = z.tuple([
  z.instanceof(Uint8Array),
  z.instanceof(Map).refine((header) => header.size === 0, "the unprotected header is not empty"),
  z.instanceof(Uint8Array),
  bytes(96, 96),
]);

const payloadSchema = z.strictObject({
  module_id: z.string().min(1).max(128),
  digest: z.literal("SHA384"),
  timestamp: z.union([z.int().nonnegative(), z.bigint().nonnegative()]).transform(BigInt),
  pcrs: z
    .map(
      z
        .int()
        .min(0)
        .max(PCR_COUNT - 1),
      bytes(PCR_LENGTH, PCR_LENGTH),
    )
    .refine((pcrs) => [0, 1, 2].every((index) => pcrs.has(index)), "PCR0, PCR1 or PCR2 is missing"),
  certificate: bytes(1, 1_024),
  cabundle: z.array(bytes(1, 1_024)).min(1).max(6),
  public_key: bytes(1, 1_024).nullish(),
  user_data: bytes(0, 512).nullish(),
  nonce: bytes(0, 512).nullish(),
});

/** A document taken apart. Nothing is verified. */
export interface ParsedDocument {
  /** What is signed: COSE's Sig_structure. */
  readonly signed: Uint8Array;
  /** r ‖ s, 48 bytes each. */
  readonly signature: string;
  /** keccak256 of the payload, which tells documents apart. */
  readonly payloadHash: string;
  readonly moduleId: string;
  /** By the clock of the security module. */
  readonly timestampMs: bigint;
  readonly pcrs: ReadonlyMap<number, string>;
  /** DER certificates from the root to the enclave's own. */
  readonly chain: readonly Uint8Array[];
  /** `0x` if the enclave gave none; so for the next two. */
  readonly publicKey: string;
  readonly userData: string;
  readonly nonce: string;
}

/**
 * Takes an attestation document of AWS Nitro apart, with the limits of the contract.
 *
 * @throws OpenGradientError `ATTESTATION_INVALID` if it is malformed.
 */
export function parseDocument(document: BytesLike): ParsedDocument {
  const [header, , payload, signature] = checked(coseSchema, decoded(bytesOfDocument(document)));
  if (hexlify(header) !== PROTECTED_HEADER) throw malformed("its algorithm is not ES384");
  const members = checked(payloadSchema, membersOf(decoded(payload)));
  const hexOf = (value: Uint8Array | null | undefined) => hexlify(value ?? new Uint8Array());
  return {
    signed: encode(["Signature1", header, new Uint8Array(), payload]),
    signature: hexlify(signature),
    payloadHash: keccak256(payload),
    moduleId: members.module_id,
    timestampMs: members.timestamp,
    pcrs: new Map([...members.pcrs].map(([index, value]) => [index, hexlify(value)])),
    chain: [...members.cabundle, members.certificate],
    publicKey: hexOf(members.public_key),
    userData: hexOf(members.user_data),
    nonce: hexOf(members.nonce),
  };
}

function bytesOfDocument(document: BytesLike): Uint8Array {
  if (!isBytesLike(document)) throw malformed("it is not bytes");
  const all = getBytes(document);
  if (all.length > MAX_DOCUMENT_LENGTH) {
    throw malformed(`it has ${all.length} bytes, more than ${MAX_DOCUMENT_LENGTH}`);
  }
  return all[0] === TAG ? all.subarray(1) : all;
}

/** Nesting is bounded by the length: what is nested too deep for the decoder ends as any other error of it. */
function decoded(data: Uint8Array): unknown {
  try {
    return decode(data, {
      strict: true,
      useMaps: true,
      rejectDuplicateMapKeys: true,
      allowUndefined: false,
    });
  } catch (cause) {
    throw malformed(cause instanceof Error ? cause.message : "no CBOR", { cause });
  }
}

function membersOf(payload: unknown): Record<string, unknown> {
  const map = checked(z.map(z.string(), z.unknown()), payload);
  return Object.fromEntries(map);
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
  throw malformed(`${where}${issue?.message ?? "it has another shape"}`, { cause: result.error });
}
