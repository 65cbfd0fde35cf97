import path from "node:path";
import { PGlite, type Transaction } from "@electric-sql/pglite";
import { SCHEMA } from "./schema.ts";

/** What statements run on: the database, or a transaction in it. */
export type Queryable = Pick<PGlite | Transaction, "query">;

/** Opens the journal's database in a data folder, and creates its tables at first use. */
export async function openDatabase(folder: string): Promise<PGlite> {
  const database = await PGlite.create(path.join(folder, "journal"));
  await database.exec(SCHEMA);
  return database;
}
