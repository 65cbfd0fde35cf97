import { copyFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { newFolder } from "./folders.ts";
import { OPG_TINY } from "./opg-tiny.ts";
import { describeGguf } from "../runtimes/describe-gguf.ts";
import { encodeLanguageModel, manifestFile } from "../../sdk/language-model.ts";

/** A package that embeds, of the small model's weights, in a new folder (`removeFolders`). */
export async function embeddingPackage(): Promise<string> {
  const folder = await newFolder();
  const weights = path.join(folder, "opg-tiny.gguf");
  await copyFile(path.join(OPG_TINY, "opg-tiny.gguf"), weights);
  const manifest = await describeGguf(weights, { name: "tiny-vectors", embeds: true });
  await writeFile(manifestFile(folder), encodeLanguageModel(manifest));
  return folder;
}

/** Numbers of an output: vectors one after the other. */
export function floatsOf(output: Uint8Array): number[] {
  const view = new DataView(output.buffer, output.byteOffset, output.byteLength);
  return Array.from({ length: output.length / 4 }, (_, place) => view.getFloat32(4 * place, true));
}
