import { expect } from "chai";
import { at, listOf } from "../../../zkml/arrays.ts";
import { lower } from "../../../zkml/network/lower.ts";
import { runNetwork } from "../../../zkml/network/network.ts";
import { decodeOnnx } from "../../../zkml/onnx/decode.ts";
import { encodeOnnx } from "../../../zkml/onnx/encode.ts";
import { seededRandom } from "../../../zkml/random.ts";
import { boost, valueOf, type Forest } from "./boosting.ts";
import { forestNode } from "./forest-node.ts";

const random = seededRandom(6);
const FEATURES = listOf(2_000, () =>
  Int16Array.from({ length: 3 }, () => Math.floor(random() * 200) - 100),
);

/** Certain in a corner, impossible elsewhere; the third feature says nothing. */
const HAPPENED = FEATURES.map((row) => at(row, 0) > 20 && at(row, 1) <= -10);

const OPTIONS = {
  trees: 20,
  depth: 2,
  learningRate: 0.3,
  limits: 60,
  regularisation: 1,
  smallestLeaf: 10,
};

function logOdds({ base, trees }: Forest, row: Int16Array): number {
  return trees.reduce((sum, tree) => sum + valueOf(tree, row), base);
}

describe("boosted trees", () => {
  const losses: number[] = [];
  const forest = boost(
    { features: FEATURES, happened: HAPPENED },
    { ...OPTIONS, onTree: (_, loss) => losses.push(loss) },
  );

  it("tell what depends on two features together", () => {
    const right = FEATURES.filter((row, i) => logOdds(forest, row) > 0 === at(HAPPENED, i));
    expect(right.length).to.be.at.least(1_960);
  });

  it("lower the loss with each tree", () => {
    expect(losses).to.have.length(OPTIONS.trees);
    losses.slice(1).forEach((loss, i) => expect(loss).to.be.below(at(losses, i)));
  });

  it("say nothing new where nothing depends on the features", () => {
    const happened = FEATURES.map((_, i) => i % 2 === 0);
    const constant = FEATURES.map(() => Int16Array.of(1, 2, 3));
    const { trees } = boost({ features: constant, happened }, { ...OPTIONS, trees: 1 });
    const [only] = trees;
    expect(only?.kind).to.equal("leaf");
    expect(only?.kind === "leaf" && Math.abs(only.value)).to.equal(0);
  });

  it("mean the same as an ONNX node", () => {
    const file = encodeOnnx(
      {
        opset: 13,
        nodes: [forestNode(forest, "x", "y")],
        initializers: new Map(),
        inputs: [{ name: "x", type: "float", shape: [1, 3] }],
        outputs: [{ name: "y", type: "float", shape: [1, 1] }],
      },
      "tests",
    );
    const network = lower(decodeOnnx(file));
    for (const row of FEATURES.slice(0, 50)) {
      const [found = []] = runNetwork(network, row).outputs;
      expect(at(found, 0)).to.be.closeTo(logOdds(forest, row), 1e-4);
    }
  });
});
