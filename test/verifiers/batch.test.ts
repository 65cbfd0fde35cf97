import { expect } from "chai";
import { concat, dataLength, dataSlice, id, toBeHex } from "ethers";
import { at } from "../../zkml/arrays.ts";
import { BASE_FIELD_ORDER, FIELD_ORDER } from "../../zkml/circuit/field.ts";
import { flipped, patched } from "../fixtures/bytes.ts";
import {
  digitsModel,
  proveClaims,
  publish,
  tinyModel,
  twinModel,
  wideModel,
  type ProvenClaim,
} from "../fixtures/models.ts";
import { ethers, loadFixture } from "../fixtures/network.ts";
import { fundedProtocol, type Fixture } from "../fixtures/protocol.ts";

/** Where the parts of the evidence start; see IProvenVerifier. */
const KEY = 32;
const COMMITMENT = 52;
const A = 84;
const B = 148;
const C = 276;
const INPUT = 340;

/** The generator of G1, and its negation. */
const P = concat([toBeHex(1, 32), toBeHex(2, 32)]);
const MINUS_P = concat([toBeHex(1, 32), toBeHex(BASE_FIELD_ORDER - 2n, 32)]);

describe("batches of proofs", () => {
  /** Real proofs: 32 of one model, three of another that shares its setup. */
  async function fixture() {
    const protocol = await fundedProtocol();
    const { chainId } = protocol.deployment;
    const model = await publish(protocol, await tinyModel());
    const twin = await publish(protocol, await twinModel(), { content: "0x02" });
    return {
      ...protocol,
      verifier: protocol.provenVerifier,
      model,
      proved: await proveClaims(chainId, model, 32),
      ofTwin: await proveClaims(chainId, twin, 3),
    };
  }

  function verify({ provenVerifier }: Pick<Fixture, "provenVerifier">, items: ProvenClaim[]) {
    return provenVerifier.verifyBatch(
      items.map(({ claim }) => claim),
      items.map(({ output }) => output),
      items.map(({ evidence }) => evidence),
    );
  }

  /** Which items do not hold when they are checked one by one. */
  async function bad({ provenVerifier }: Fixture, items: ProvenClaim[]): Promise<number[]> {
    const found: number[] = [];
    for (const [i, { claim, output, evidence }] of items.entries()) {
      await provenVerifier.verify(claim, output, evidence).catch(() => found.push(i));
    }
    return found;
  }

  /** The item with a point added to the one at `start` of its evidence. */
  async function shifted(item: ProvenClaim, start: number, point: string): Promise<ProvenClaim> {
    const { evidence } = item;
    const data = concat([dataSlice(evidence, start, start + 64), point]);
    const sum = await ethers.provider.call({ to: toBeHex(6, 20), data });
    return { ...item, evidence: patched(evidence, start, sum) };
  }

  function withItem(items: ProvenClaim[], index: number, item: ProvenClaim): ProvenClaim[] {
    return items.map((other, i) => (i === index ? item : other));
  }

  describe("verifyBatch", () => {
    for (const count of [1, 2, 5, 32]) {
      it(`accepts ${count} honest`, async () => {
        const context = await loadFixture(fixture);
        expect(await verify(context, context.proved.slice(0, count))).to.equal(true);
      });
    }

    it("accepts 200, and finds the last of them bad", async () => {
      const context = await loadFixture(fixture);
      const many = Array.from({ length: 200 }, (_, i) => at(context.proved, i % 32));
      expect(await verify(context, many)).to.equal(true);
      const wrong = await shifted(at(many, 199), C, P);
      expect(await verify(context, withItem(many, 199, wrong))).to.equal(false);
    });

    it("accepts models that share a setup, in any order", async () => {
      const context = await loadFixture(fixture);
      const { proved, ofTwin } = context;
      const [a, b, c] = [at(proved, 0), at(proved, 1), at(proved, 2)];
      const [x, y, z] = [at(ofTwin, 0), at(ofTwin, 1), at(ofTwin, 2)];
      for (const items of [
        [a, x],
        [x, a],
        [x, y, z],
        [a, b, c, x, y, z],
        [z, c, y, b, x, a],
      ]) {
        expect(await verify(context, items)).to.equal(true);
      }
    });

    it("accepts the same proof twice: that it holds does not depend on the others", async () => {
      const context = await loadFixture(fixture);
      const item = at(context.proved, 0);
      expect(await verify(context, [item, item, item])).to.equal(true);
    });

    it("is sunk by one bad item at any place, which single checks find", async () => {
      const context = await loadFixture(fixture);
      const honest = [...context.proved.slice(0, 3), ...context.ofTwin.slice(0, 2)];
      for (const [i, item] of honest.entries()) {
        const { claim, output, evidence } = item;
        const lastByteOfInput = dataLength(evidence) - 1;
        const bent: Record<string, ProvenClaim> = {
          "another output": { ...item, output: flipped(output, 3) },
          "another input": { ...item, evidence: flipped(evidence, lastByteOfInput) },
          "another market": { ...item, claim: { ...claim, market: claim.node } },
          "another model": { ...item, claim: { ...claim, modelId: id("model") } },
          "another request": { ...item, claim: { ...claim, requestId: id("request") } },
          "another node": { ...item, claim: { ...claim, node: claim.market } },
          "another input hash": { ...item, claim: { ...claim, inputHash: id("input") } },
          "another origin": { ...item, evidence: patched(evidence, 0, id("origin")) },
          "another key": { ...item, evidence: flipped(evidence, KEY) },
          "another commitment": { ...item, evidence: flipped(evidence, A - 1) },
          "another A": { ...item, evidence: patched(evidence, A, P) },
          "A at infinity": { ...item, evidence: patched(evidence, A, `0x${"00".repeat(64)}`) },
          "A off the curve": { ...item, evidence: flipped(evidence, A + 31) },
          "B off the curve": { ...item, evidence: flipped(evidence, B + 31) },
          "another C": await shifted(item, C, P),
          "C off the curve": { ...item, evidence: flipped(evidence, C + 31) },
          "a proof of other work": { ...at(honest, (i + 1) % 3), claim },
          "no evidence": { ...item, evidence: "0x" },
          "no input": { ...item, evidence: dataSlice(evidence, 0, INPUT) },
          "no output": { ...item, output: "0x" },
        };
        for (const [name, wrong] of Object.entries(bent)) {
          const items = withItem(honest, i, wrong);
          expect(await verify(context, items), `${name} at ${i}`).to.equal(false);
          expect(await bad(context, items), `${name} at ${i}`).to.deep.equal([i]);
        }
      }
    });

    it("is sunk by numbers that stand for the right ones beyond their field", async () => {
      const context = await loadFixture(fixture);
      const honest = context.proved.slice(0, 2);
      for (const [i, item] of honest.entries()) {
        for (const start of [COMMITMENT, ...Array.from({ length: 8 }, (_, j) => A + 32 * j)]) {
          const order = start === COMMITMENT ? FIELD_ORDER : BASE_FIELD_ORDER;
          const value = BigInt(dataSlice(item.evidence, start, start + 32)) + order;
          const beyond = { ...item, evidence: patched(item.evidence, start, toBeHex(value, 32)) };
          expect(await verify(context, withItem(honest, i, beyond))).to.equal(false);
        }
      }
    });

    it("is sunk by bad proofs that would cancel each other without factors", async () => {
      const context = await loadFixture(fixture);
      const { proved, ofTwin } = context;
      for (const start of [A, C]) {
        for (const [i, j] of [
          [0, 1],
          [1, 2],
          [2, 0],
        ] as const) {
          const items = proved.slice(0, 3);
          items[i] = await shifted(at(proved, i), start, P);
          items[j] = await shifted(at(proved, j), start, MINUS_P);
          expect(await verify(context, items)).to.equal(false);
          expect(await bad(context, items)).to.deep.equal([i, j].sort());
          // Nor do honest ones around them help.
          expect(await verify(context, [...proved.slice(5), ...items, ...ofTwin])).to.equal(false);
        }
      }
    });

    it("refuses models of different setups, though each proof holds", async () => {
      const context = await loadFixture(fixture);
      const digits = await publish(context, await digitsModel(), { content: "0x0d" });
      const others = await proveClaims(context.deployment.chainId, digits, 2);
      const mixed = [at(context.proved, 0), at(others, 0)];
      expect(await verify(context, mixed)).to.equal(false);
      expect(await bad(context, mixed)).to.deep.equal([]);
      expect(await verify(context, others)).to.equal(true);
    });

    it("takes nothing for a proof: no items, or lists of different lengths", async () => {
      const { verifier, proved } = await loadFixture(fixture);
      expect(await verifier.verifyBatch([], [], [])).to.equal(false);
      const { claim, output, evidence } = at(proved, 0);
      for (const [claims, outputs, evidences] of [
        [[], [output], [evidence]],
        [[claim], [], [evidence]],
        [[claim], [output], []],
        [[claim], [output, output], [evidence]],
        [[claim], [output], [evidence, evidence]],
      ] as const) {
        expect(await verifier.verifyBatch([...claims], [...outputs], [...evidences])).to.equal(
          false,
        );
      }
    });

    it("spends a bounded amount of gas on malformed items", async () => {
      const { verifier, proved } = await loadFixture(fixture);
      const items = proved.slice(0, 5);
      const gas = (some: ProvenClaim[]) =>
        verifier.verifyBatch.estimateGas(
          some.map(({ claim }) => claim),
          some.map(({ output }) => output),
          some.map(({ evidence }) => evidence),
        );
      const honest = await gas(items);
      for (const start of [A, B, C]) {
        const last = at(items, 4);
        const wrong = { ...last, evidence: flipped(last.evidence, start + 31) };
        expect(await gas(withItem(items, 4, wrong))).to.be.below(2n * honest);
      }
    });
  });

  describe("verifyAnswers", () => {
    async function answers() {
      const context = await fundedProtocol();
      const { key: otherKey } = await publish(context, await tinyModel());
      const wide = await publish(context, await wideModel(), { content: "0x03" });
      const proved = await proveClaims(context.deployment.chainId, wide, 3);
      const { claim } = at(proved, 0);
      const { origin, key } = wide;
      const shared = { ...claim, origin, key, inputSize: 32, outputSize: 4 };
      return {
        verifier: context.provenVerifier,
        otherKey,
        shared,
        requestIds: proved.map((item) => item.claim.requestId),
        answers: concat(
          proved.flatMap(({ evidence, output }) => [dataSlice(evidence, COMMITMENT), output]),
        ),
      };
    }

    const ANSWER_BYTES = 32 + 256 + 32 + 4;

    it("accepts honest answers, and the first of them alone", async () => {
      const { verifier, shared, requestIds, answers: bytes } = await loadFixture(answers);
      expect(await verifier.verifyAnswers(shared, requestIds, bytes)).to.equal(true);
      const first = dataSlice(bytes, 0, ANSWER_BYTES);
      expect(await verifier.verifyAnswers(shared, requestIds.slice(0, 1), first)).to.equal(true);
    });

    it("is bound to all that the answers share", async () => {
      const { verifier, otherKey, shared, requestIds, answers: bytes } = await loadFixture(answers);
      for (const other of [
        { market: shared.node },
        { modelId: id("model") },
        { node: shared.market },
        { origin: id("origin") },
        { key: otherKey },
        { inputSize: 31, outputSize: 5 },
        { inputSize: 36, outputSize: 0 },
        { inputSize: 0, outputSize: 36 },
        { inputSize: 33 },
        { inputSize: 2 ** 32 - 1, outputSize: 2 ** 32 - 1 },
      ]) {
        const bent = { ...shared, ...other };
        expect(await verifier.verifyAnswers(bent, requestIds, bytes)).to.equal(false);
      }
    });

    it("is bound to each request, and to every byte of every answer", async () => {
      const { verifier, shared, requestIds, answers: bytes } = await loadFixture(answers);
      for (let i = 0; i < 3; i++) {
        const others = requestIds.map((requestId, j) => (i === j ? id("other") : requestId));
        expect(await verifier.verifyAnswers(shared, others, bytes)).to.equal(false);
      }
      expect(await verifier.verifyAnswers(shared, requestIds.toReversed(), bytes)).to.equal(false);
      for (let index = 0; index < dataLength(bytes); index += 13) {
        expect(
          await verifier.verifyAnswers(shared, requestIds, flipped(bytes, index)),
          `byte ${index}`,
        ).to.equal(false);
      }
    });

    it("refuses a commitment beyond the field, which stands for one within", async () => {
      const { verifier, shared, requestIds, answers: bytes } = await loadFixture(answers);
      const commitment = BigInt(dataSlice(bytes, 0, 32));
      const beyond = patched(bytes, 0, toBeHex(commitment + FIELD_ORDER, 32));
      expect(await verifier.verifyAnswers(shared, requestIds, beyond)).to.equal(false);
    });

    it("takes nothing for a proof: no answers, or bytes missing or left over", async () => {
      const { verifier, shared, requestIds, answers: bytes } = await loadFixture(answers);
      expect(await verifier.verifyAnswers(shared, [], "0x")).to.equal(false);
      for (const wrong of ["0x", dataSlice(bytes, 1), concat([bytes, "0x00"])]) {
        expect(await verifier.verifyAnswers(shared, requestIds, wrong)).to.equal(false);
      }
      expect(await verifier.verifyAnswers(shared, requestIds.slice(1), bytes)).to.equal(false);
    });
  });
});
