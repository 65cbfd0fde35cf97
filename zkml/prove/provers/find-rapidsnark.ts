import { constants } from "node:fs";
import { access } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { ZkmlError } from "../../errors.ts";

/** Environment variable that names the program. */
export const RAPIDSNARK_VARIABLE = "OPG_RAPIDSNARK";

const PROGRAM = "rapidsnark";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The rapidsnark program: the one that is named, else the one that the environment names, else the one on the path.
 *
 * @throws ZkmlError `PROVER_MISSING` if one is named that cannot be run.
 */
export async function findRapidsnark(
  named?: string,
  environment: Environment = process.env,
): Promise<string | undefined> {
  const chosen = named ?? environment[RAPIDSNARK_VARIABLE];
  if (chosen !== undefined) {
    if (await canRun(chosen)) return chosen;
    throw new ZkmlError(
      "PROVER_MISSING",
      `"${chosen}" is not a program that can be run.`,
      "Name the executable of rapidsnark, or none.",
    );
  }
  const folders = (environment.PATH ?? "").split(path.delimiter).filter((folder) => folder !== "");
  for (const folder of folders) {
    const file = path.join(folder, PROGRAM);
    if (await canRun(file)) return file;
  }
  return undefined;
}

async function canRun(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
