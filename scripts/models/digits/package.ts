import { isDeepStrictEqual } from "node:util";
import {
  isSetUp,
  manifestOf,
  readManifest,
  readPackage,
  writePackage,
  type ModelPackage,
} from "../../../zkml/model/package.ts";
import type { CompiledModel } from "../../../zkml/model/compile-model.ts";
import { setUpForDevelopment, type SetupStep } from "../../../zkml/setup/package-setup.ts";
import { compileDigits } from "./digits.ts";

export interface DigitsPackageOptions {
  /** Folder of the package. */
  readonly folder: string;
  /** Folder that keeps Powers of Tau files. */
  readonly cacheFolder: string;
  readonly onStep?: (step: "circuit" | SetupStep) => void;
}

/** The digit classifier with development keys: made at first use, and again when the model has changed. */
export async function digitsPackage({
  folder,
  cacheFolder,
  onStep,
}: DigitsPackageOptions): Promise<ModelPackage> {
  onStep?.("circuit");
  const model = await compileDigits();
  if (!(await isCurrent(folder, model))) await writePackage(folder, model, { overwrite: true });
  if (!(await isSetUp(folder))) {
    await setUpForDevelopment(folder, { cacheFolder, ...(onStep && { onStep }) });
  }
  return readPackage(folder);
}

async function isCurrent(folder: string, model: CompiledModel): Promise<boolean> {
  try {
    const withoutKeys = { ...(await readManifest(folder)), ceremony: undefined };
    return isDeepStrictEqual(withoutKeys, { ...manifestOf(model), ceremony: undefined });
  } catch {
    // No package, or one that cannot be read.
    return false;
  }
}
