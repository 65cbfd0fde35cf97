import { expect } from "chai";
import { ENDED, hasEnded, JOB_STATES, TRANSITIONS } from "./job-states.ts";

describe("job states", () => {
  it("can all be reached, and all lead to an end", () => {
    const reachable = new Set<string>(["Found"]);
    for (const from of reachable) {
      const state = JOB_STATES.find((each) => each === from) ?? "Found";
      for (const to of TRANSITIONS[state]) reachable.add(to);
    }
    expect([...reachable].sort()).to.deep.equal([...JOB_STATES].sort());
    for (const state of JOB_STATES) {
      expect(hasEnded(state) || TRANSITIONS[state].length > 0, state).to.equal(true);
    }
  });

  it("end for good, unless the chain is reorganised", () => {
    expect(ENDED).to.have.members([
      "Fulfilled",
      "Declined",
      "Lost",
      "Missed",
      "Failed",
      "Orphaned",
    ]);
    for (const state of ENDED) expect(TRANSITIONS[state]).to.deep.equal(["Found"]);
  });

  it("are not skipped: nothing is fulfilled by this node without being journalled before", () => {
    const before = JOB_STATES.filter((state) => TRANSITIONS[state].includes("Fulfilling"));
    expect(before).to.deep.equal(["Answered"]);
    expect(JOB_STATES.filter((state) => TRANSITIONS[state].includes("Locking"))).to.deep.equal([
      "Found",
    ]);
  });
});
