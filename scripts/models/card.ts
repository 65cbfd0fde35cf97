import { domainPower } from "../../zkml/circuit/compile.ts";
import { byteLength } from "../../zkml/integer/tensor-spec.ts";
import type { CompiledModel } from "../../zkml/model/compile-model.ts";
import { MODEL_FILES, type Model } from "./model.ts";

/** The model card, in Markdown, with everything measured anew. */
export async function writeCard(model: Model, compiled: CompiledModel): Promise<string> {
  const { title, summary, facts, results, limits } = await model.describe(compiled);
  const rows = Object.entries(facts).map(([name, fact]) => `| ${name} | ${fact} |`);
  return `# ${title}

${summary}

Made by \`npm run models:train -- ${model.name}\`, which gives the same files each time; this card is written by
\`npm run models:evaluate -- ${model.name}\`, and a test holds it to what it says.

| | |
| --- | --- |
${rows.join("\n")}

${results}

${circuitSection(model, compiled)}

## Limits

${limits}
`;
}

function circuitSection({ name, quantisation }: Model, compiled: CompiledModel): string {
  const { graph, circuit } = compiled;
  const folder = `zkml/models/${name}`;
  const command = [
    `npm run opg -- model compile ${folder}/${MODEL_FILES.network}`,
    `--samples ${folder}/${MODEL_FILES.samples}`,
    ...optionsOf(quantisation),
    `--out ${name}`,
  ].join(" ");
  const [input, output] = [graph.inputs, graph.outputs].map(byteLength);
  return `## Circuit

${whole(constraintCount(compiled))} constraints on a domain of 2^${domainPower(circuit)}; ${input} bytes in, ${output} bytes out.

\`\`\`sh
${command}
\`\`\``;
}

/** Rows that enforce something: those that only fill the domain are left out. */
function constraintCount({ circuit }: Pick<CompiledModel, "circuit">): number {
  return circuit.constraints.filter(({ kind }) => kind !== "padding").length;
}

function optionsOf({ inputType, weightBits, activationBits }: Model["quantisation"]): string[] {
  const options = {
    "input-type": inputType,
    "weight-bits": weightBits,
    "activation-bits": activationBits,
  };
  return Object.entries(options).flatMap(([option, value]) =>
    value === undefined ? [] : [`--${option} ${value}`],
  );
}

/** A whole number with its thousands apart. */
export function whole(value: number): string {
  return value.toLocaleString("en");
}

/** A share as a percentage with two digits behind the point. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
