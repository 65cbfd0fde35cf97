import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";

const FILE = path.join(import.meta.dirname, "../../snapshots/gas.json");

/** Committed gas figures by plain-English name. */
export async function readGasSnapshot(): Promise<Readonly<Record<string, number>>> {
  return z.record(z.string(), z.number()).parse(JSON.parse(await readFile(FILE, "utf8")));
}
