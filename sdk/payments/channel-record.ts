import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { OpenGradientError } from "../errors.ts";
import { bytes32, fixedBytes, uint } from "../wire.ts";

/** Ids of answers that were counted: a receipt that is shown twice costs once. */
const REMEMBERED_RECEIPTS = 256;

const fundingSchema = z.strictObject({
  amount: uint(96),
  validAfter: uint(48),
  validBefore: uint(48),
  nonceSalt: bytes32,
  signature: fixedBytes(65),
});

/** What a payer knows of its channel to a node. OPG in wei. */
const channelRecordSchema = z.strictObject({
  /** 96 bits that tell this channel from others to the same node. */
  salt: uint(96),
  /** Most that a voucher was ever signed for. */
  signed: uint(96),
  /** Fees of the answers whose receipts came. */
  charged: uint(96),
  /** What channels before this one to the same node cost. */
  chargedBefore: uint(96),
  /** What was put in, as far as it was signed for. */
  funded: uint(96),
  /** A transfer into the channel that is signed, and not known to have been made. */
  funding: fundingSchema.optional(),
  /** Request ids of the last receipts that were counted. */
  receipts: z.array(bytes32).max(REMEMBERED_RECEIPTS),
});

export type ChannelRecord = z.output<typeof channelRecordSchema>;

/** Counts a receipt, once. */
export function withReceipt(record: ChannelRecord, requestId: string, fee: bigint): ChannelRecord {
  if (record.receipts.includes(requestId)) return record;
  return {
    ...record,
    charged: record.charged + fee,
    receipts: [...record.receipts, requestId].slice(-REMEMBERED_RECEIPTS),
  };
}

/** Where a payer keeps what it knows of its channels, by what tells them apart. Each key belongs to one process at a time. */
export interface ChannelStore {
  readonly load: (key: string) => Promise<ChannelRecord | undefined>;
  readonly save: (key: string, record: ChannelRecord) => Promise<void>;
}

/** Keeps channels as long as the process runs. What is left in them is paid back when they are closed on chain. */
export function createMemoryStore(): ChannelStore {
  const records = new Map<string, ChannelRecord>();
  return {
    load: (key) => Promise.resolve(records.get(key)),
    save: (key, record) => {
      records.set(key, record);
      return Promise.resolve();
    },
  };
}

/** Keeps channels in a folder, a file each. */
export function createFileStore(folder: string): ChannelStore {
  const fileOf = (key: string) => path.join(folder, `${key}.json`);
  return {
    load: async (key) => readRecord(fileOf(key)),
    save: async (key, record) => {
      await mkdir(folder, { recursive: true });
      const file = fileOf(key);
      // A file is there as a whole or not at all, whenever the process ends.
      await writeFile(`${file}.new`, JSON.stringify(z.encode(channelRecordSchema, record)));
      await rename(`${file}.new`, file);
    },
  };
}

async function readRecord(file: string): Promise<ChannelRecord | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return channelRecordSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new OpenGradientError(
      "CHANNEL_STORE_UNREADABLE",
      `"${file}" does not hold a channel.`,
      "Restore the file, or move it away: a new channel is opened then, and the old one can be closed on chain.",
      { cause },
    );
  }
}
