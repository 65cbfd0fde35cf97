import path from "node:path";
import { Command } from "commander";
import {
  encodeLanguageModel,
  languageModelHash,
  manifestFile,
  parsePromptTemplate,
} from "../../../sdk/language-model.ts";
import { integerBetween } from "../../arguments.ts";
import { readInputFile, requireNoFile, requireWritable, writeWhole } from "../../files.ts";
import { withJsonOption } from "../../json-option.ts";
import { printResult } from "../../output.ts";

interface Options {
  readonly name?: string;
  readonly contextLength?: number;
  readonly prompt?: string;
  readonly stop?: readonly string[];
  readonly embeds: boolean;
  readonly overwrite: boolean;
  readonly json: boolean;
}

export function describeCommand(): Command {
  const command = new Command("describe")
    .description("Write the manifest of a GGUF file beside it: a package that can be served")
    .argument("<file>", "GGUF file")
    .option("--name <name>", "name for people; the file's own if not given")
    .option(
      "--context-length <n>",
      "tokens of prompt and answer together",
      integerBetween(1, 2 ** 31 - 1),
    )
    .option("--prompt <file>", "frames of messages as JSON, in place of the file's chat template")
    .option("--stop <texts...>", "texts that end every answer")
    .option("--embeds", "the model turns texts into vectors, and answers nothing else", false)
    .option("--overwrite", "replace a manifest that is there already", false);
  return withJsonOption(command).action(async (file: string, options: Options) => {
    const target = manifestFile(path.dirname(file));
    if (!options.overwrite) await requireNoFile(target);
    await requireWritable(target);
    const { prompt, name, contextLength, stop, embeds } = options;
    // The library takes a moment to load; no other command is to wait for it.
    const { describeGguf } = await import("../../../worker/runtimes/describe-gguf.ts");
    const manifest = await describeGguf(file, {
      embeds,
      ...(name !== undefined && { name }),
      ...(contextLength !== undefined && { contextLength }),
      ...(stop !== undefined && { stop }),
      ...(prompt !== undefined && { prompt: await readPrompt(prompt) }),
    });
    await writeWhole(target, encodeLanguageModel(manifest));
    const contentHash = languageModelHash(manifest);
    const { name: model, contextLength: context } = manifest;
    printResult(options.json, {
      object: { file: target, name: model, contentHash, contextLength: context },
      lines: [`${target}: ${model}, context ${context}`, `content ${contentHash}`],
    });
  });
}

async function readPrompt(file: string) {
  return parsePromptTemplate(file, new TextDecoder().decode(await readInputFile(file)));
}
