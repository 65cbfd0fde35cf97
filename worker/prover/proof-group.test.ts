import { expect } from "chai";
import type { AnswerableRequest } from "../jobs/job.ts";
import type { ProvenModel } from "../models/served-models.ts";
import { takeGroup, type Waiting } from "./proof-group.ts";

/** Five inferences of four bytes to a proof of the first; one of the second. */
const MODELS = new Map(
  Object.entries({ five: 5, one: 1 }).map(([modelId, inferences]) => {
    const manifest = { inferences, inputSize: 4, outputSize: 4 };
    return [modelId, { modelId, model: { manifest } } as unknown as ProvenModel];
  }),
);

/** Inputs so long that not all of them can be settled together. */
const LONG = { inferences: 5, inputSize: 50_000, outputSize: 4 };

function waiting(name: string, modelId: string, inferences = 1, callbackGas = 0n): Waiting {
  const input = new Uint8Array(4 * inferences);
  const request = { requestId: name, terms: { modelId, callbackGas }, input };
  const nothing = (): void => undefined;
  return { request: request as unknown as AnswerableRequest, resolve: nothing, reject: nothing };
}

function groupsOf(list: readonly Waiting[]): string[] {
  const left = [...list];
  const groups: string[] = [];
  while (left.length > 0)
    groups.push(
      takeGroup(left, MODELS)
        .map(({ request }) => request.requestId)
        .join(""),
    );
  return groups;
}

describe("requests that share a proof", () => {
  it("are as many as it carries, in the order in which they wait", () => {
    expect(
      groupsOf(["a", "b", "c", "d", "e", "f", "g"].map((name) => waiting(name, "five"))),
    ).to.deep.equal(["abcde", "fg"]);
  });

  it("are of the model that the first one asks for; the others keep their place", () => {
    const list = [waiting("a", "five"), waiting("b", "one"), waiting("c", "five")];
    expect(groupsOf(list)).to.deep.equal(["ac", "b"]);
  });

  it("are one where a proof carries one", () => {
    expect(groupsOf([waiting("a", "one"), waiting("b", "one")])).to.deep.equal(["a", "b"]);
  });

  it("are counted by their inferences, and a smaller one may fill the room that is left", () => {
    const list = [waiting("a", "five", 3), waiting("b", "five", 3), waiting("c", "five", 2)];
    expect(groupsOf(list)).to.deep.equal(["ac", "b"]);
  });

  it("take no more gas together than fits into a transaction", () => {
    const list = [
      waiting("a", "five", 1, 5_000_000n),
      waiting("b", "five", 1, 5_000_000n),
      waiting("c", "five", 1, 5_000_000n),
      waiting("d", "five"),
    ];
    expect(groupsOf(list)).to.deep.equal(["abd", "c"]);
  });

  it("are no more than fit into what nodes take as a transaction", () => {
    const long = (name: string): Waiting => {
      const { request, ...rest } = waiting(name, "five");
      return { ...rest, request: { ...request, input: new Uint8Array(50_000) } };
    };
    const models = new Map([
      ["five", { modelId: "five", model: { manifest: LONG } } as unknown as ProvenModel],
    ]);
    const left = ["a", "b", "c"].map(long);
    expect(takeGroup(left, models)).to.have.length(2);
    expect(takeGroup(left, models)).to.have.length(1);
  });

  it("are none where none waits", () => {
    expect(takeGroup([], MODELS)).to.deep.equal([]);
  });
});
