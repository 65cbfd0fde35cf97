import { expect } from "chai";
import { proveRun } from "../../zkml/circuit/witness.ts";
import { compileModel } from "../../zkml/model/compile-model.ts";
import { NO_REQUEST } from "../../zkml/prove/prover.ts";
import { perceptronFile, randomBytes } from "../../zkml/testing/networks.ts";
import { seededRandom } from "../../zkml/random.ts";
import { compileWithWeightsAsWires, countWeights } from "./private-weights.ts";

describe("a network with weights as wires", () => {
  const random = seededRandom(2);
  const samples = Array.from({ length: 5 }, () => randomBytes(6, random));
  const { graph, circuit } = compileModel(perceptronFile([6, 4, 3], random), { samples });
  const compared = compileWithWeightsAsWires(graph);
  const enforcing = ({ constraints }: typeof circuit) =>
    constraints.filter(({ kind }) => kind !== "padding").length;

  it("says the same of the same bytes as the one with constants", () => {
    const request = { input: randomBytes(6, random), context: NO_REQUEST };
    const [own, other] = [circuit, compared].map((cs) => proveRun(graph, cs, request));
    expect(other?.output).to.deep.equal(own?.output);
    expect(other?.commitment).to.equal(own?.commitment);
    expect(compared.firstUnsatisfied(other?.witness ?? expect.fail())).to.equal(-1);
  });

  it("costs a constraint more for each weight, and nothing else", () => {
    expect(countWeights(graph)).to.equal(6 * 4 + 4 * 3);
    expect(enforcing(compared) - enforcing(circuit)).to.equal(countWeights(graph));
  });
});
