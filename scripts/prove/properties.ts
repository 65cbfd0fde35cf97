import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** A contract that says, in its only function, what must hold for all arguments. */
export interface Property {
  readonly title: string;
  readonly contract: string;
  readonly path: string;
}

interface CompilerOutput {
  readonly errors?: readonly { severity: string; formattedMessage: string }[];
  readonly auxiliaryInputRequested?: { smtlib2queries?: Readonly<Record<string, string>> };
}

interface Compiler {
  compile: (
    input: string,
    callbacks: { import: (path: string) => { contents: string } | { error: string } },
  ) => string;
}

const PROOFS = "test/properties/proofs";

/** The original computes without branches, in assembly, which the model checker does not look into. */
const DEFINITIONS: Readonly<Record<string, string>> = {
  "@openzeppelin/contracts/utils/math/Math.sol": "test/properties/definitions/Math.sol",
};

const PROPERTY = /^\/\/\/ @title (.+)\n(?:\/\/\/ .*\n)*contract (\w+) \{/gm;

/** No loop here runs more often. */
const MAX_ITERATIONS = 5;

const solc = createRequire(import.meta.url)("solc") as Compiler;

export function findProperties(): Property[] {
  const found = readdirSync(PROOFS).flatMap((name) => {
    const path = `${PROOFS}/${name}`;
    const matches = readFileSync(path, "utf8").matchAll(PROPERTY);
    return [...matches].map(([, title = "", contract = ""]) => ({ title, contract, path }));
  });
  return found.sort((a, b) => parseInt(a.title) - parseInt(b.title));
}

/** What has no solution if the property holds: that an assertion fails, or that a computation leaves its type. */
export function queriesOf(property: Property): string[] {
  const targets = ["assert", "overflow", "underflow", "divByZero"];
  return queriesFor(property, readFileSync(property.path, "utf8"), targets);
}

/**
 * What has a solution unless the property says nothing: that its function comes to its end, with every assertion met.
 * Contradicting requirements would prove anything.
 */
export function reachabilityOf(property: Property): string[] {
  const source = readFileSync(property.path, "utf8")
    .replaceAll(/\bassert\(/g, "require(")
    .replaceAll(/^ {4}\}\n\}/gm, "        assert(false);\n    }\n}");
  return queriesFor(property, source, ["assert"]);
}

function queriesFor({ contract, path }: Property, content: string, targets: string[]): string[] {
  const input = {
    language: "Solidity",
    sources: { [path]: { content } },
    settings: {
      modelChecker: {
        // Deprecated, but the other engine is for contracts that remember something between calls.
        engine: "bmc",
        solvers: ["smtlib2"],
        contracts: { [path]: [contract] },
        bmcLoopIterations: MAX_ITERATIONS,
        targets,
      },
      outputSelection: { "*": { "*": [] } },
    },
  };
  const output = JSON.parse(
    solc.compile(JSON.stringify(input), { import: contentsOf }),
  ) as CompilerOutput;
  const error = output.errors?.find(({ severity }) => severity === "error");
  if (error !== undefined) throw new Error(error.formattedMessage);
  return Object.values(output.auxiliaryInputRequested?.smtlib2queries ?? {});
}

function contentsOf(path: string): { contents: string } | { error: string } {
  try {
    return { contents: readFileSync(DEFINITIONS[path] ?? path, "utf8") };
  } catch {
    return { error: `No such source: ${path}` };
  }
}
