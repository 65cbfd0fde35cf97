import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { at } from "../../arrays.ts";
import { failureOf } from "../../testing/failure.ts";
import { createProver } from "./create-prover.ts";
import { findRapidsnark, RAPIDSNARK_VARIABLE } from "./find-rapidsnark.ts";
import { RapidsnarkProver } from "./rapidsnark-prover.ts";

/** Parts of a proof that is none: these tests are about the program's call alone. */
const PROOF = { pi_a: ["1", "2", "1"], pi_b: [["1", "2"]], pi_c: ["3", "4", "1"] };
const KEY = Uint8Array.of(1, 2, 3);
const WITNESS = Uint8Array.of(4, 5);

describe("rapidsnark", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "rapidsnark-"));
  });

  after(() => rm(folder, { recursive: true }));

  /** A program of that name which runs `script`. */
  async function program(name: string, script: string): Promise<string> {
    const file = path.join(folder, name);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
    return file;
  }

  it("is called with key, witness and places for proof and inputs, and leaves no files", async () => {
    const proof = path.join(folder, "proof.json");
    await writeFile(proof, JSON.stringify(PROOF));
    const log = path.join(folder, "log");
    const script = `echo "$@" >> ${log}; cat "$1" "$2" >> ${log}.content; cp ${proof} "$3"`;
    const prover = new RapidsnarkProver(await program("copies", script));
    const made = await prover.prove(KEY, WITNESS);
    expect(made).to.deep.equal({ ...PROOF, protocol: "groth16", curve: "bn128" });
    await prover.prove(KEY, WITNESS);

    const calls = (await readFile(log, "utf8")).trim().split("\n");
    const [first = [], second = []] = calls.map((call) => call.split(" "));
    expect(first.map((file) => path.extname(file))).to.deep.equal([
      ...[".zkey", ".wtns", ".json", ".json"],
    ]);
    expect(second[0], "the key is written once").to.equal(first[0]);
    expect(second[1]).to.not.equal(first[1]);
    const content = await readFile(`${log}.content`);
    expect([...content]).to.deep.equal([1, 2, 3, 4, 5, 1, 2, 3, 4, 5]);
    await prover.stop();
    expect(existsSync(at(first, 0))).to.equal(false);
  });

  it("tells what the program said when it failed", async () => {
    const prover = new RapidsnarkProver(await program("fails", 'echo "no memory" >&2; exit 3'));
    const error = await failureOf(() => prover.prove(KEY, WITNESS));
    expect(error.code).to.equal("PROVER_FAILED");
    expect(error.message).to.match(/did not make a proof: no memory\.$/);
    await prover.stop();
  });

  it("takes nothing for a proof that is none", async () => {
    for (const answer of ["", "nonsense", '{"pi_a":[1]}']) {
      const file = await program("lies", `printf '%s' '${answer}' > "$3"`);
      const prover = new RapidsnarkProver(file);
      const error = await failureOf(() => prover.prove(KEY, WITNESS));
      expect(error.message, answer).to.match(/its answer is no proof\.$/);
      await prover.stop();
    }
  });

  it("is looked for where it is named, in the environment, and on the path", async () => {
    const named = await program("named", "");
    const onPath = await program("rapidsnark", "");
    const PATH = `/nowhere${path.delimiter}${folder}`;
    expect(await findRapidsnark(named, { PATH })).to.equal(named);
    expect(await findRapidsnark(undefined, { PATH, [RAPIDSNARK_VARIABLE]: named })).to.equal(named);
    expect(await findRapidsnark(undefined, { PATH })).to.equal(onPath);
    expect(await findRapidsnark(undefined, { PATH: "/nowhere" })).to.equal(undefined);
  });

  it("is missed where it is named and cannot be run, whatever else there is", async () => {
    const error = await failureOf(() => findRapidsnark("/nowhere/rapidsnark", { PATH: folder }));
    expect(error.code).to.equal("PROVER_MISSING");
  });

  it("is used where it is named; other provers by their names", async () => {
    const rapidsnark = await program("named", "");
    expect((await createProver({ rapidsnark })).name).to.equal("rapidsnark");
    expect((await createProver({ name: "warm", rapidsnark })).name).to.equal("warm");
    expect((await createProver({ name: "snarkjs", rapidsnark })).name).to.equal("snarkjs");
  });
});
