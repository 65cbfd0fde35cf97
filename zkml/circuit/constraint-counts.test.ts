import path from "node:path";
import process from "node:process";
import { expect } from "chai";
import { compileDigits } from "../../scripts/models/digits/digits.ts";
import { settle } from "../../test/fixtures/snapshot.ts";
import { at, listOf } from "../arrays.ts";
import { networksIn } from "../corpus/networks-in.ts";
import { readVector, variations } from "../corpus/vector.ts";
import { measureCircuit } from "../inspect/circuit-size.ts";
import type { IntegerGraph } from "../integer/graph.ts";
import { compileModel } from "../model/compile-model.ts";
import { Bench } from "../testing/bench.ts";
import { GADGETS } from "../testing/gadgets.ts";
import { randomBytes } from "../testing/networks.ts";
import { prototypeForest, prototypePerceptron } from "../testing/prototype-networks.ts";
import { seededRandom } from "../random.ts";
import { compileCircuit } from "./compile.ts";
import type { Constraint } from "./constraint-system.ts";
import { sealBytes } from "./gadgets/sealed-input.ts";
import { term } from "./linear-combination.ts";

/** Per kind and in total, without padding. */
function counts(rows: readonly Constraint[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { kind } of rows.filter((row) => row.kind !== "padding")) {
    found[kind] = (found[kind] ?? 0) + 1;
    found.total = (found.total ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(found).sort());
}

/** Those of five bytes and their salt, which are one word each. */
function sealedRows(): readonly Constraint[] {
  const { cs } = new Bench();
  const bytes = listOf(5, () => term(cs.wire()));
  sealBytes(cs, bytes, () => ({ salt: 0n, commitment: 0n }));
  return cs.constraints;
}

function forestGraph(size: Parameters<typeof prototypeForest>[0]): IntegerGraph {
  const random = seededRandom(17);
  const samples = listOf(20, () => randomBytes(size.features, random));
  return compileModel(prototypeForest(size), { samples }).graph;
}

/**
 * Networks that the prototype of this compiler was measured on, and its constraints without what it does otherwise: the
 * ranges of the input, for which a tree needed none, and the public words, for which the statement stands here. Its outputs
 * were not ranged, and ours are not counted.
 *
 * The whole counts, printed by its `mlp.mjs` and `trees2.mjs`: 7,899 and 1,092 with 8 rows for each input and one for each of 27
 * words and one word; 7,663, 512 and 89 with two words, one and one.
 */
const COMPARED: Readonly<
  Record<string, { readonly graph: () => IntegerGraph; readonly prototype: number }>
> = {
  "perceptron 784-64-10": {
    graph: () => prototypePerceptron([784, 64, 10]),
    prototype: 7899 - 8 * 784 - 27,
  },
  "perceptron 16-32-16-1": {
    graph: () => prototypePerceptron([16, 32, 16, 1]),
    prototype: 1092 - 8 * 16 - 1,
  },
  "100 trees of depth 6 on 30 features": {
    graph: () => forestGraph({ trees: 100, depth: 6, features: 30 }),
    prototype: 7663 - 2,
  },
  "20 trees of depth 4 on 8 features": {
    graph: () => forestGraph({ trees: 20, depth: 4, features: 8 }),
    prototype: 512 - 1,
  },
  "4 trees of depth 3 on 3 features": {
    graph: () => forestGraph({ trees: 4, depth: 3, features: 3 }),
    prototype: 89 - 1,
  },
};

/**
 * Of the prototype's constraints. Perceptrons take the same number. Each feature of a forest takes one more: the prototype made
 * it of its place among the limits, here it is an input of its own, which has to be tied to its place.
 */
const ALLOWANCE = 1.05;

describe("numbers of constraints", () => {
  it("are those of the snapshot, for gadgets, compared networks and the digit classifier", async () => {
    const { circuit } = await compileDigits();
    await settle("constraints", {
      ...Object.fromEntries(
        Object.entries(GADGETS).map(([name, { subjects }]) => [
          `gadget: ${name}`,
          counts(at(subjects(), 0).rows),
        ]),
      ),
      "gadget: sealed input": counts(sealedRows()),
      ...Object.fromEntries(
        Object.entries(COMPARED).map(([name, { graph }]) => [
          `network: ${name}`,
          counts(compileCircuit(graph()).constraints),
        ]),
      ),
      "model: digits": counts(circuit.constraints),
    });
  });

  it("are those of the snapshot for public networks", async function () {
    const { VECTORS_DIR } = process.env;
    if (VECTORS_DIR === undefined) this.skip();
    const folder = path.join(VECTORS_DIR, "onnx");
    const found: Record<string, Record<string, number>> = {};
    for (const name of await networksIn(folder)) {
      const { onnx, inputs } = await readVector(path.join(folder, name));
      const options = { samples: variations(inputs.flat()), dimensions: { batch_size: 1 } };
      found[name] = counts(compileModel(onnx, options).circuit.constraints);
    }
    await settle("constraints-public", found);
  });

  for (const [name, { graph, prototype }] of Object.entries(COMPARED)) {
    it(`come within 5 % of the prototype's: ${name}`, () => {
      const { layers } = measureCircuit(graph());
      const body = layers.reduce((sum, { constraints }) => sum + constraints, 0);
      expect(body).to.be.within(1, ALLOWANCE * prototype);
      expect(layers.filter(({ constraints }) => constraints === 0)).to.deep.equal([]);
    });
  }
});
