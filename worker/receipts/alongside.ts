import type { DirectRecord } from "./direct-answer.ts";
import type { Queryable } from "../storage/database.ts";

/** What is to be journalled in one transaction with a receipt, or not at all. */
export type Alongside = WriteAlongside | JointAlongside;

/** Writes what belongs to one receipt. */
export type WriteAlongside = (transaction: Queryable, record: DirectRecord) => Promise<void>;

/** Belongs to one receipt, and is written together with its like: what statements cost is so paid once for many. */
export interface JointAlongside {
  readonly writer: JointWriter;
}

/** What belongs to a receipt, and the receipt. */
export interface JointEntry {
  readonly alongside: JointAlongside;
  readonly record: DirectRecord;
}

export interface JointWriter {
  /** Writes what belongs to some receipts. If one is to blame for a failure, they come again one by one. */
  readonly writeAll: (transaction: Queryable, entries: readonly JointEntry[]) => Promise<void>;
}

/** Writes what belongs to one receipt, whichever kind it is. */
export async function writeAlongside(
  transaction: Queryable,
  alongside: Alongside | undefined,
  record: DirectRecord,
): Promise<void> {
  if (alongside !== undefined) await writeAllAlongside(transaction, [{ alongside, record }]);
}

/** Writes what belongs to some receipts. */
export async function writeAllAlongside(
  transaction: Queryable,
  entries: readonly { readonly alongside: Alongside; readonly record: DirectRecord }[],
): Promise<void> {
  const joint = new Map<JointWriter, JointEntry[]>();
  for (const { alongside, record } of entries) {
    if (typeof alongside === "function") {
      await alongside(transaction, record);
      continue;
    }
    const { writer } = alongside;
    const same = joint.get(writer) ?? [];
    joint.set(writer, same);
    same.push({ alongside, record });
  }
  for (const [writer, same] of joint) await writer.writeAll(transaction, same);
}
