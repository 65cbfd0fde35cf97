import { createRequire } from "node:module";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { makeNamespacedInput } from "@openzeppelin/upgrades-core";
import { z } from "zod";

/** Has no types. */
const solc = createRequire(import.meta.url)("solc") as { compile: (input: string) => string };

const FILE = "snapshots/storage-layout.json";
const BUILDS = "artifacts/build-info";

/** Contracts behind proxies: what an upgrade finds in their storage must not move. */
const UPGRADEABLE = [
  "EnclaveRegistry",
  "FeeEscrow",
  "InferenceMarket",
  "ModelRegistry",
  "NodeRegistry",
  "ReceiptLedger",
  "Staking",
];

const layoutSchema = z.object({
  // Null where nothing is stored.
  types: z
    .record(
      z.string(),
      z.object({
        label: z.string(),
        members: z
          .array(
            z.object({ label: z.string(), slot: z.string(), offset: z.number(), type: z.string() }),
          )
          .optional(),
      }),
    )
    .nullable(),
});

type Layout = z.infer<typeof layoutSchema>;

const compilerOutputSchema = z.object({
  contracts: z.record(
    z.string(),
    z.record(z.string(), z.object({ storageLayout: layoutSchema.optional() })),
  ),
});

type SolcInput = Parameters<typeof makeNamespacedInput>[0];
type SolcOutput = Parameters<typeof makeNamespacedInput>[1];

/** Where each contract keeps what: struct name to its members, as `slot[+byte]: type name`. */
type Snapshot = Record<string, Record<string, string[]>>;

/** Writes the storage layout of all upgradeable contracts. */
export function generateStorageLayout(): void {
  writeFileSync(FILE, encoded());
}

/** The snapshot, if the contracts' storage is not as it says. */
export function staleStorageLayout(): string[] {
  return readFileSync(FILE, "utf8") === encoded() ? [] : [FILE];
}

function encoded(): string {
  return `${JSON.stringify(snapshot(), undefined, 2)}\n`;
}

/** ERC-7201 structs are not variables, so the compiler does not lay them out: it is given a copy in which they are. */
function snapshot(): Snapshot {
  const { input, output } = latestBuild();
  const compiled = compilerOutputSchema.parse(
    JSON.parse(solc.compile(JSON.stringify(makeNamespacedInput(input, output)))),
  );
  return Object.fromEntries(
    UPGRADEABLE.map((name) => {
      const layout = compiled.contracts[`project/contracts/${name}.sol`]?.[name]?.storageLayout;
      if (layout === undefined) throw new Error(`${name} was not compiled`);
      return [name, structsOf(layout)];
    }),
  );
}

/** All structs in a contract's storage, by name. */
function structsOf({ types }: Layout): Record<string, string[]> {
  const structs = Object.values(types ?? {}).flatMap(({ label, members }) => {
    if (members === undefined) return [];
    const lines = members.map(
      ({ slot, offset, type, label: name }) =>
        `${slot}${offset === 0 ? "" : `+${offset}`}: ${types?.[type]?.label ?? type} ${name}`,
    );
    return [[label.replace("struct ", ""), lines] as const];
  });
  return Object.fromEntries(structs.sort(([a], [b]) => a.localeCompare(b, "en")));
}

/** The newest compilation that all upgradeable contracts are part of. */
function latestBuild(): { input: SolcInput; output: SolcOutput } {
  const [newest] = readdirSync(BUILDS)
    .filter((file) => file.endsWith(".json") && !file.endsWith(".output.json"))
    .map((file) => path.join(BUILDS, file))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
    .flatMap((file) => {
      const { input } = readJson(file) as { input: SolcInput };
      const isWhole = UPGRADEABLE.every((name) => `project/contracts/${name}.sol` in input.sources);
      return isWhole ? [{ file, input }] : [];
    });
  if (newest === undefined) throw new Error("the contracts are not compiled: npm run build");
  const { output } = readJson(newest.file.replace(/\.json$/, ".output.json")) as {
    output: SolcOutput;
  };
  return { input: newest.input, output };
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}
