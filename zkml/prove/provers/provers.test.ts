import { expect } from "chai";
import { groth16 } from "snarkjs";
import { at, listOf } from "../../arrays.ts";
import { FIELD_ORDER, type FieldValue } from "../../circuit/field.ts";
import { WitnessVector } from "../../circuit/witness-vector.ts";
import { proveRun } from "../../circuit/witness.ts";
import { encodeWitness } from "../../circuit/wtns-file.ts";
import { compileModel } from "../../model/compile-model.ts";
import { node } from "../../onnx/build.ts";
import type { CircuitKeys } from "../../setup/keys.ts";
import { keysFor, ProductCircuit, signalsOf } from "../../testing/circuits.ts";
import { failureOf } from "../../testing/failure.ts";
import { onnxFile, perceptronFile, randomBytes } from "../../testing/networks.ts";
import { seededRandom } from "../../random.ts";
import { NO_REQUEST } from "../prover.ts";
import { proveVerified } from "../prove-verified.ts";
import { stopProverThreads } from "../threads.ts";
import { readProvingKey } from "../zkey-file.ts";
import type { Prover } from "./prover.ts";
import { SnarkjsProver } from "./snarkjs-prover.ts";
import { WarmProver } from "./warm-prover.ts";

const random = seededRandom(11);

/** Around every border at which a value is treated differently. */
const BORDERS: readonly FieldValue[] = [
  ...[0, 1, 2, 255, 256, 65_535, 65_536, 2 ** 24 - 1, 2 ** 24, 2 ** 32 - 1, 2 ** 32, 2 ** 40],
  ...[-1, -2, -255, -256, -65_536, -(2 ** 24), -(2 ** 32) + 1, -(2 ** 32), -(2 ** 40)],
  ...[FIELD_ORDER / 2n, FIELD_ORDER / 2n + 1n, FIELD_ORDER - 2n ** 63n, 2n ** 253n, 2n ** 64n],
];

/** A circuit with keys, and `.wtns` files of some witnesses. */
interface Subject {
  readonly name: string;
  readonly keys: CircuitKeys;
  readonly witnesses: readonly WitnessVector[];
  readonly publicCount: number;
}

async function products(name: string, rows: readonly (readonly FieldValue[])[]): Promise<Subject> {
  const circuit = new ProductCircuit(at(rows, 0).length);
  const witnesses = rows.map((values) => circuit.witness(values));
  return { name, keys: await keysFor(circuit.cs), witnesses, publicCount: 1 };
}

async function network(name: string, onnx: Uint8Array, inputSize: number): Promise<Subject> {
  const samples = listOf(20, () => randomBytes(inputSize, random));
  const { graph, circuit } = compileModel(onnx, { samples });
  const witnesses = samples
    .slice(0, 2)
    .map((input) => proveRun(graph, circuit, { input, context: NO_REQUEST }).witness);
  return { name, keys: await keysFor(circuit), witnesses, publicCount: circuit.publicCount };
}

/** A product and a function out of a table. */
const CURVED = onnxFile({
  input: { type: "uint8", shape: [1, 2] },
  output: { type: "float", shape: [1, 2] },
  nodes: [
    node("Cast", ["x"], "a", { to: 1 }),
    node("Mul", ["a", "a"], "b"),
    node("Sigmoid", ["b"], "y"),
  ],
});

describe("provers", () => {
  const warm = new WarmProver();
  let subjects: readonly Subject[];
  let bordering: Subject;
  let perceptron: Subject;

  before(async () => {
    const shuffled = [...BORDERS].sort(() => random() - 0.5);
    const rows = [BORDERS, shuffled, BORDERS.map(() => 0), BORDERS.map(() => 1)];
    bordering = await products("values of all sizes", rows);
    perceptron = await network("a perceptron", perceptronFile([12, 5, 3], random), 12);
    subjects = [
      await products("the smallest circuit", [[3], [-3], [0]]),
      bordering,
      perceptron,
      await network("a product and a table", CURVED, 2),
    ];
  });

  after(async () => {
    await warm.stop();
    await stopProverThreads();
  });

  async function expectProofs(prover: Prover, subject: Subject): Promise<void> {
    const { keys, witnesses, publicCount, name } = subject;
    for (const [i, witness] of witnesses.entries()) {
      const proof = await prover.prove(keys.provingKey, encodeWitness(witness));
      const signals = signalsOf(witness, publicCount);
      const label = `${name}, witness ${i}`;
      expect(await groth16.verify(keys.verificationKey, signals, proof), label).to.equal(true);
    }
  }

  for (const prover of [new SnarkjsProver(), warm]) {
    describe(prover.name, () => {
      it("makes proofs that snarkjs accepts, of values of all sizes and of networks", async () => {
        for (const subject of subjects) await expectProofs(prover, subject);
      });

      it("makes them after preparing, also of witnesses unlike the one prepared for", async () => {
        for (const subject of subjects) {
          const { provingKey } = subject.keys;
          await prover.prepare(provingKey, encodeWitness(at(subject.witnesses, 0)));
          await expectProofs(prover, subject);
        }
      });

      it("blinds: two proofs of one statement have nothing in common", async () => {
        const { keys, witnesses } = perceptron;
        const witness = encodeWitness(at(witnesses, 0));
        const prove = () => prover.prove(keys.provingKey, witness);
        const [one, two] = [await prove(), await prove()];
        for (const part of ["pi_a", "pi_b", "pi_c"] as const)
          expect(one[part], part).to.not.deep.equal(two[part]);
      });

      it("proves several things at the same time", async () => {
        await Promise.all([...subjects, ...subjects].map((it) => expectProofs(prover, it)));
      });

      it("never hands out a proof of a witness that breaks the circuit", async () => {
        const { keys, witnesses } = perceptron;
        const honest = at(witnesses, 0);
        for (const wire of [1, 20, honest.length - 1]) {
          const wrong = changed(honest, wire);
          const error = await failureOf(() => proveVerified(prover, keys, wrong));
          expect(error.code).to.equal("PROOF_INVALID");
        }
      });

      it("refuses a witness of another circuit, or a part of one", async () => {
        const { keys, witnesses } = perceptron;
        const other = encodeWitness(at(bordering.witnesses, 0));
        const error = await failureOf(() => proveVerified(prover, keys, other));
        expect(error.code).to.equal("WITNESS_INVALID");
        expect(error.message).to.match(
          /^The witness has \d+ values; the proving key is for \d+\.$/,
        );
        const part = encodeWitness(at(witnesses, 0)).slice(0, -32);
        expect((await failureOf(() => proveVerified(prover, keys, part))).message).to.equal(
          "The witness is cut short.",
        );
      });

      it("refuses a proving key that is cut short, or something else", async () => {
        const { keys, witnesses } = perceptron;
        const witness = encodeWitness(at(witnesses, 0));
        for (const size of [0, 11, 100, 1000, keys.provingKey.length - 100_000]) {
          const provingKey = keys.provingKey.slice(0, size);
          const error = await failureOf(() =>
            proveVerified(prover, { ...keys, provingKey }, witness),
          );
          expect(error.code, `${size} bytes`).to.equal("FILE_CORRUPTED");
          expect(error.message).to.match(/^The proving key [^.]+( \.zkey file [^.]+)?\.$/);
        }
        const error = await failureOf(() =>
          proveVerified(prover, { ...keys, provingKey: witness }, witness),
        );
        expect(error.message).to.equal("The proving key is not a .zkey file of version 1.");
      });

      it("hands out nothing made with a key of which a bit has changed", async () => {
        const { keys, witnesses } = perceptron;
        const witness = encodeWitness(at(witnesses, 0));
        for (const part of ["a", "b1", "b2", "c", "h", "coefficients", "deltaG1"] as const) {
          const provingKey = keys.provingKey.slice();
          const content = readProvingKey(provingKey)[part];
          // A byte of the last entry that belongs to a wire or a row that counts.
          const last = content.findLastIndex((byte) => byte !== 0);
          content[last - 1] = at(content, last - 1) ^ 1;
          const error = await failureOf(() =>
            proveVerified(prover, { ...keys, provingKey }, witness),
          );
          expect(error.code, part).to.be.oneOf(["FILE_CORRUPTED", "PROOF_INVALID"]);
        }
      });
    });
  }

  it("warm: names a point that is not on the curve as the fault", async () => {
    const provingKey = perceptron.keys.provingKey.slice();
    const { h } = readProvingKey(provingKey);
    h[0] = at(h, 0) ^ 1;
    const witness = encodeWitness(at(perceptron.witnesses, 0));
    const error = await failureOf(() => warm.prove(provingKey, witness));
    expect(error.code).to.equal("FILE_CORRUPTED");
    expect(error.message).to.equal("The proving key has a point that is not on the curve.");
  });

  it("warm: forgets the key that was used least recently, and loads it again", async () => {
    const small = new WarmProver({ maxKeys: 1 });
    try {
      await Promise.all(subjects.map((it) => expectProofs(small, it)));
      await expectProofs(small, at(subjects, 0));
    } finally {
      await small.stop();
    }
  });

  it("warm: a proof under way fails when the prover stops, and the next one starts anew", async () => {
    const stopped = new WarmProver();
    const { keys, witnesses } = perceptron;
    const witness = encodeWitness(at(witnesses, 0));
    const proving = failureOf(() => stopped.prove(keys.provingKey, witness));
    await stopped.stop();
    expect((await proving).code).to.equal("PROVER_FAILED");
    await expectProofs(stopped, perceptron);
    await stopped.stop();
  });
});

/** A `.wtns` file in which one wire has another value. */
function changed(honest: WitnessVector, wrong: number): Uint8Array {
  const witness = new WitnessVector(honest.length);
  for (let wire = 0; wire < honest.length; wire++) witness.set(wire, honest.get(wire));
  witness.set(wrong, BigInt(honest.get(wrong)) + 1n);
  return encodeWitness(witness);
}
