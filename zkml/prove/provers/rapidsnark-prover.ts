import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { Groth16Proof } from "snarkjs";
import { z } from "zod";
import { ZkmlError } from "../../errors.ts";
import type { Prover } from "./prover.ts";

const run = promisify(execFile);

const coordinates = z.array(z.string().regex(/^\d+$/));

const proofSchema = z.object({
  pi_a: coordinates,
  pi_b: z.array(coordinates),
  pi_c: coordinates,
  // Some versions leave these out.
  protocol: z.literal("groth16").default("groth16"),
  curve: z.literal("bn128").default("bn128"),
});

/**
 * rapidsnark, or another program that is called like it: `<program> <zkey> <wtns> <proof.json> <public.json>`. Keys and
 * witnesses pass through files in a folder that only this account may read.
 */
export class RapidsnarkProver implements Prover {
  readonly name = "rapidsnark";
  readonly #program: string;
  #folder: Promise<string> | undefined;
  readonly #keyFiles = new Map<Uint8Array, Promise<string>>();

  constructor(program: string) {
    this.#program = program;
  }

  async prepare(provingKey: Uint8Array): Promise<void> {
    await this.#keyFile(provingKey);
  }

  async prove(provingKey: Uint8Array, witness: Uint8Array): Promise<Groth16Proof> {
    const keyFile = await this.#keyFile(provingKey);
    const stem = await this.#newFile();
    const files = { witness: `${stem}.wtns`, proof: `${stem}.json`, inputs: `${stem}-inputs.json` };
    try {
      await writeFile(files.witness, witness);
      await run(this.#program, [keyFile, files.witness, files.proof, files.inputs]);
      return proofSchema.parse(JSON.parse(await readFile(files.proof, "utf8")));
    } catch (cause) {
      throw new ZkmlError(
        "PROVER_FAILED",
        `"${this.#program}" did not make a proof: ${reasonOf(cause)}.`,
        "Try it by hand, or choose another prover.",
        { cause },
      );
    } finally {
      await Promise.all(Object.values(files).map((file) => rm(file, { force: true })));
    }
  }

  async stop(): Promise<void> {
    const folder = this.#folder;
    this.#folder = undefined;
    this.#keyFiles.clear();
    if (folder !== undefined) await rm(await folder, { recursive: true, force: true });
  }

  #keyFile(provingKey: Uint8Array): Promise<string> {
    const known = this.#keyFiles.get(provingKey) ?? this.#writeKey(provingKey);
    this.#keyFiles.set(provingKey, known);
    return known;
  }

  async #writeKey(provingKey: Uint8Array): Promise<string> {
    const file = `${await this.#newFile()}.zkey`;
    await writeFile(file, provingKey);
    return file;
  }

  async #newFile(): Promise<string> {
    this.#folder ??= mkdtemp(path.join(tmpdir(), "opg-prover-"));
    return path.join(await this.#folder, randomUUID());
  }
}

/** What the program said last, if it said anything. */
function reasonOf(cause: unknown): string {
  if (cause instanceof z.ZodError || cause instanceof SyntaxError) return "its answer is no proof";
  const said = (cause as { readonly stderr?: unknown }).stderr;
  const line = typeof said === "string" ? said.trim().split("\n").at(-1) : undefined;
  if (line !== undefined && line !== "") return line;
  return cause instanceof Error ? cause.message.trim() : String(cause);
}
