import { expect } from "chai";
import { poseidon16 } from "poseidon-lite";
import { wtns } from "snarkjs";
import { compileDigits } from "../../scripts/models/digits/digits.ts";
import { testDigits } from "../../scripts/models/digits/mnist.ts";
import { at } from "../arrays.ts";
import { infer } from "../integer/run.ts";
import { compileModel } from "../model/compile-model.ts";
import { node } from "../onnx/build.ts";
import { stopProverThreads } from "../prove/threads.ts";
import { CONTEXT } from "../testing/context.ts";
import { singleWireForgeries } from "../testing/forgery.ts";
import { onnxFile, perceptronFile, randomBytes, randomTensor } from "../testing/networks.ts";
import { seededRandom } from "../random.ts";
import { domainPower } from "./compile.ts";
import { FIELD_ORDER, toField } from "./field.ts";
import { commit, poseidonConstants } from "./poseidon.ts";
import { encodeR1cs } from "./r1cs-file.ts";
import { packWords } from "./packed-words.ts";
import { challenge, evaluate, type StatementContext } from "./statement.ts";
import { proveRun, requireSatisfied } from "./witness.ts";
import { encodeWitness } from "./wtns-file.ts";

const random = seededRandom(5);

/** Logs to nobody. */
const SILENT = { info: (): void => undefined, warn: (): void => undefined };

function tinyModel(sizes: readonly number[]): ReturnType<typeof compileModel> {
  const samples = Array.from({ length: 20 }, () => randomBytes(at(sizes, 0), random));
  return compileModel(perceptronFile(sizes, random), { samples });
}

describe("circuit of a network", () => {
  after(stopProverThreads);

  const model = tinyModel([12, 6, 4, 3]);
  const { graph, circuit } = model;

  it("is satisfied by every honest run, with the integer graph's output bit for bit", () => {
    for (let i = 0; i < 20; i++) {
      const input = randomBytes(12, random);
      const run = proveRun(graph, circuit, { input, context: CONTEXT });
      requireSatisfied(circuit, run.witness);
      expect(run.output).to.deep.equal(infer(graph, input));
    }
  });

  it("has the statement's public inputs: commitment, challenge, evaluation", () => {
    const input = randomBytes(12, random);
    const { witness, output, commitment } = proveRun(graph, circuit, { input, context: CONTEXT });
    const words = packWords(Uint8Array.from([...input, ...output]));
    const r = challenge(commitment, CONTEXT, { input, output });
    expect(commitment).to.equal(commit(words));
    expect([1, 2, 3].map((wire) => toField(witness.get(wire)))).to.deep.equal([
      commitment,
      r,
      evaluate(words, r),
    ]);
  });

  it("pins every wire", () => {
    const { witness } = proveRun(graph, circuit, {
      input: randomBytes(12, random),
      context: CONTEXT,
    });
    expect(singleWireForgeries(circuit, witness)).to.deep.equal([]);
  });

  it("notices random changes of several wires at once", () => {
    const { witness } = proveRun(graph, circuit, {
      input: randomBytes(12, random),
      context: CONTEXT,
    });
    for (let i = 0; i < 200; i++) {
      const wires = Array.from(
        { length: 1 + (i % 5) },
        () => 1 + Math.floor(random() * (circuit.wireCount - 1)),
      );
      const honest = wires.map((wire) => [wire, witness.get(wire)] as const);
      for (const [wire, value] of honest)
        witness.set(wire, toField(BigInt(value) + 1n + BigInt(Math.floor(random() * 1e9))));
      expect(circuit.firstUnsatisfied(witness)).to.not.equal(-1);
      for (const [wire, value] of honest) witness.set(wire, value);
    }
    expect(circuit.firstUnsatisfied(witness)).to.equal(-1);
  });

  it("has no witness for another output, even with all of the statement made to fit it", () => {
    const input = randomBytes(12, random);
    const { witness, output } = proveRun(graph, circuit, { input, context: CONTEXT });
    // The forger claims another score, commits to it and answers the challenge for it.
    const forged = Uint8Array.from(output);
    forged[3] = (at(forged, 3) + 1) % 256;
    const words = packWords(Uint8Array.from([...input, ...forged]));
    const commitment = commit(words);
    const r = challenge(commitment, CONTEXT, { input, output: forged });
    const [c, rWire, e] = circuit.publicInputs;
    for (const [wire, value] of [
      [c, commitment],
      [rWire, r],
      [e, evaluate(words, r)],
    ] as const) {
      if (wire !== undefined) witness.set(wire, value);
    }
    circuit.publicInputs.forEach((copy, i) => {
      witness.set(i + 1, witness.get(copy));
    });
    expect(circuit.firstUnsatisfied(witness)).to.not.equal(-1);
  });

  it("is read by snarkjs as it was written", async () => {
    const { witness } = proveRun(graph, circuit, {
      input: randomBytes(12, random),
      context: CONTEXT,
    });
    const check = (): Promise<boolean> =>
      wtns.check(encodeR1cs(circuit), encodeWitness(witness), SILENT);
    expect(await check()).to.equal(true);
    witness.set(circuit.wireCount - 1, toField(BigInt(witness.get(circuit.wireCount - 1)) + 1n));
    expect(await check()).to.equal(false);
  });

  it("fills a power of two with its rows and public inputs", () => {
    expect(domainPower(circuit)).to.equal(10);
    expect(circuit.constraints.length + 4).to.equal(1024);
  });

  it("names public wires only in the rows that copy them", () => {
    circuit.constraints.forEach(({ a, b, c }, row) => {
      const publicWires = [...a.wires, ...b.wires, ...c.wires].filter(
        (wire) => wire <= circuit.publicCount,
      );
      expect(publicWires).to.deep.equal(row <= circuit.publicCount ? [row] : []);
    });
  });

  it("keeps weights out of the matrices that proving pays for", () => {
    const linear = circuit.constraints.filter(({ kind }) => kind === "decomposition");
    for (const { a, b } of linear) expect([a.wires, b.wires]).to.deep.equal([[], []]);
  });

  it("takes signed and wide inputs", () => {
    for (const inputType of ["int8", "int16"] as const) {
      const file = onnxFile({
        input: { type: "float", shape: [1, 20] },
        output: { type: "float", shape: [1, 2] },
        nodes: [node("MatMul", ["x", "w"], "s"), node("Relu", ["s"], "y")],
        initializers: { w: randomTensor([20, 2], random, 1) },
      });
      const samples = Array.from({ length: 20 }, () => randomTensor([20], random, 1).values);
      const wide = compileModel(file, { samples, inputType });
      const input = randomBytes(20 * (inputType === "int8" ? 1 : 2), random);
      const run = proveRun(wide.graph, wide.circuit, { input, context: CONTEXT });
      requireSatisfied(wide.circuit, run.witness);
      expect(run.output).to.deep.equal(infer(wide.graph, input));
    }
  });
});

describe("circuit of the digit classifier", function () {
  it("pins every wire", async () => {
    const { graph, circuit } = await compileDigits();
    const { images } = await testDigits();
    const { witness } = proveRun(graph, circuit, { input: at(images, 0), context: CONTEXT });
    expect(singleWireForgeries(circuit, witness)).to.deep.equal([]);
  });

  it("is satisfied on test images, with the integer graph's output bit for bit", async () => {
    const { graph, circuit } = await compileDigits();
    const { images } = await testDigits();
    for (const input of images.slice(0, 40)) {
      const run = proveRun(graph, circuit, { input, context: CONTEXT });
      requireSatisfied(circuit, run.witness);
      expect(run.output).to.deep.equal(infer(graph, input));
    }
  });
});

describe("statement", () => {
  it("uses circomlib's Poseidon", () => {
    const inputs = Array.from({ length: 16 }, (_, i) => BigInt(i + 1) ** 60n % FIELD_ORDER);
    expect(poseidonConstants().permute([0n, ...inputs])[0]).to.equal(poseidon16(inputs));
  });

  it("commits to lists of different lengths differently, even if they only differ in zeros", () => {
    const commitments = [[1n], [1n, 0n], [1n, 0n, 0n], [0n, 1n]].map(commit);
    expect(new Set(commitments).size).to.equal(4);
  });

  it("packs 31 bytes to a word and fills the last one up on the right", () => {
    const bytes = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
    const [first, second, ...rest] = packWords(bytes);
    expect(rest).to.deep.equal([]);
    expect(first).to.equal(BigInt(`0x${Buffer.from(bytes.subarray(0, 31)).toString("hex")}`));
    expect(second).to.equal(32n << 240n);
    expect(packWords(new Uint8Array(31).fill(255))[0]).to.be.below(FIELD_ORDER);
  });

  it("gives another challenge for every part of the context", () => {
    const bytes = { input: Uint8Array.of(1), output: Uint8Array.of(2) };
    const contexts: StatementContext[] = [
      CONTEXT,
      { ...CONTEXT, chainId: 84532n },
      { ...CONTEXT, market: CONTEXT.node },
      { ...CONTEXT, modelId: CONTEXT.requestId },
      { ...CONTEXT, requestId: CONTEXT.modelId },
      { ...CONTEXT, node: CONTEXT.market },
    ];
    const challenges = [
      ...contexts.map((context) => challenge(5n, context, bytes)),
      challenge(6n, CONTEXT, bytes),
      challenge(5n, CONTEXT, { ...bytes, input: Uint8Array.of(3) }),
      challenge(5n, CONTEXT, { ...bytes, output: Uint8Array.of(3) }),
    ];
    expect(new Set(challenges).size).to.equal(challenges.length);
    for (const value of challenges) expect(value).to.be.below(FIELD_ORDER);
  });
});
