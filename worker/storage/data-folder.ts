import { mkdir, open, readFile, rm } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { OpenGradientError } from "../../sdk/errors.ts";

const OWNER_FILE = "worker.pid";

/** Folders of this very process: its id alone does not tell, because a restarted container gets the same one again. */
const claimed = new Set<string>();

/** A folder that belongs to this process until it is released. */
export interface DataFolder {
  readonly path: string;
  readonly release: () => Promise<void>;
}

/**
 * Takes a data folder for this process: two workers on one journal would send everything twice. A folder whose owner was
 * killed is taken over.
 *
 * @throws OpenGradientError `DATA_FOLDER_IN_USE`.
 */
export async function claimDataFolder(folder: string): Promise<DataFolder> {
  await mkdir(folder, { recursive: true });
  const file = path.resolve(folder, OWNER_FILE);
  if (!(await writeOwner(file))) {
    const owner = Number(await readFile(file, "utf8"));
    if (claimed.has(file) || isRunning(owner)) {
      throw new OpenGradientError(
        "DATA_FOLDER_IN_USE",
        `Process ${owner} works on the data folder "${folder}" already.`,
        `Stop that worker or give this one another data folder. If no worker runs, delete ${file}.`,
      );
    }
    await rm(file, { force: true });
    if (!(await writeOwner(file))) return claimDataFolder(folder);
  }
  claimed.add(file);
  const release = async () => {
    await rm(file, { force: true });
    claimed.delete(file);
  };
  return { path: folder, release };
}

/** Writes the owner's file unless there is one. */
async function writeOwner(file: string): Promise<boolean> {
  try {
    const handle = await open(file, "wx");
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs, but belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
