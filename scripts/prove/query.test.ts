import { expect } from "chai";
import { read } from "./query.ts";
import { createSolver, type Solver, type Verdict } from "./solver.ts";

const BYTE = "(declare-fun |x_0| () Int) (assert (and (>= x_0 0) (<= x_0 255)))";

describe("proofs", () => {
  let solver: Solver;

  before(async () => {
    solver = await createSolver();
  });

  after(() => solver.stop());

  function verdictOn(query: string): Promise<Verdict> {
    return solver.verdictOn(read(`(set-logic ALL) ${query} (check-sat)`), 10_000);
  }

  it("are found where nothing breaks the property, and only there", async () => {
    expect(await verdictOn(`${BYTE} (assert (> x_0 255))`)).to.equal("proved");
    expect(await verdictOn(`${BYTE} (assert (> x_0 254))`)).to.equal("violated");
  });

  it("read truncations as remainders", async () => {
    const cut = "(bv2nat (ite (>= x_0 0) ((_ int2bv 4) x_0) (bvneg ((_ int2bv 4) (- x_0)))))";
    expect(await verdictOn(`${BYTE} (assert (> ${cut} 15))`)).to.equal("proved");
    expect(await verdictOn(`${BYTE} (assert (not (= ${cut} x_0)))`)).to.equal("violated");
  });

  it("read numbers beside bit operations as words, with their signs", async () => {
    const high = "(bv2nat (bvor ((_ int2bv 8) x_0) ((_ int2bv 8) 128)))";
    expect(await verdictOn(`${BYTE} (assert (< ${high} 128))`)).to.equal("proved");
    expect(await verdictOn(`${BYTE} (assert (< ${high} 129))`)).to.equal("violated");
    expect(await verdictOn(`${BYTE} (assert (> (- ${high} 256) 0))`)).to.equal("proved");
    expect(await verdictOn(`${BYTE} (assert (= (- ${high} 256) (- 1)))`)).to.equal("violated");
  });

  it("refuse products beside bit operations, which words could not hold", () => {
    const product = "(assert (= x_0 (* x_0 (bv2nat (bvnot ((_ int2bv 8) x_0))))))";
    expect(() => read(BYTE + product)).to.throw("* beside bit operations");
  });

  it("refuse a query that Z3 does not understand", async () => {
    const refusal = await verdictOn("(assert (= y 0))").catch((error: unknown) => String(error));
    expect(refusal).to.contain("does not understand");
  });
});
