import { GADGETS } from "../../testing/gadgets.ts";
import {
  expectEveryCoefficientNeeded,
  expectEveryRowNeeded,
  expectUnforgeable,
} from "../../testing/necessity.ts";

describe("constraints of gadgets", () => {
  for (const [name, { subjects, equivalent, isLarge }] of Object.entries(GADGETS)) {
    describe(name, () => {
      if (isLarge !== true)
        it("leave no other result", () => {
          expectUnforgeable(subjects());
        });

      it("are all needed: without any one of them another result passes", () => {
        expectEveryRowNeeded(subjects());
      });

      it("have no coefficient that could be another", () => {
        expectEveryCoefficientNeeded(subjects(), equivalent);
      });
    });
  }
});
