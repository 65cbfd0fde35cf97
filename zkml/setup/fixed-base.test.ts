import { expect } from "chai";
import { buildBn128 } from "ffjavascript";
import { listOf } from "../arrays.ts";
import { FIELD_ORDER } from "../circuit/field.ts";
import { multiplyGenerators } from "./fixed-base.ts";
import { POINT_BYTES } from "./points.ts";
import { encodeScalars } from "./scalar-list.ts";

const EDGES = [0n, 1n, 2n, FIELD_ORDER - 1n, 2n ** 253n, 2n ** 13n, 2n ** 13n - 1n];

describe("multiples of the generators", () => {
  // Enough for several threads, with the edges at both ends of all shares' scalars.
  const many = listOf(5000, (i) => BigInt(i) ** 19n);
  const scalars = { G1: [...EDGES, ...many, ...EDGES], G2: [...EDGES.slice(0, 4)] };

  it("are those that the curve library computes one by one", async () => {
    const { G1, G2, Fr } = await buildBn128(true);
    const points = await multiplyGenerators({
      G1: encodeScalars([scalars.G1]),
      G2: encodeScalars([scalars.G2]),
    });
    for (const [name, group] of Object.entries({ G1, G2 }) as ["G1" | "G2", typeof G1][]) {
      const size = POINT_BYTES[name];
      expect(points[name]).to.have.length(scalars[name].length * size);
      scalars[name].forEach((scalar, i) => {
        if (i >= EDGES.length && i % 97 !== 0 && i < many.length) return;
        const found = points[name].slice(i * size, (i + 1) * size);
        const wanted = group.toAffine(group.timesFr(group.g, Fr.e(scalar)));
        expect(found, `${name} times ${scalar}`).to.deep.equal(wanted);
      });
    }
  });
});
