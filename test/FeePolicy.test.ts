import { expect } from "chai";
import { seededRandom, type Random } from "../zkml/random.ts";
import { PriceModel, type PriceModelRules } from "./fixtures/fee-policy-model.ts";
import { ethers, loadFixture, time } from "./fixtures/network.ts";
import { deployProtocol, PARAMETERS } from "./fixtures/protocol.ts";

const HOUR = 3_600n;

describe("FeePolicy", () => {
  async function fixture() {
    const context = await deployProtocol();
    const meter = await ethers.deployContract("OpenWorkMeter", [context.feePolicy]);
    return { ...context, meter };
  }

  /** Work and waiting of one kind of day; times in windows. */
  type Demand = (random: Random, target: bigint) => { work: bigint; wait: number };

  const DEMANDS: Readonly<Record<string, Demand>> = {
    "steady demand": (random, target) => ({ work: share(target, random() * 2), wait: random() }),
    "bursts and gaps": (random, target) => ({
      work: share(target, random() < 0.3 ? 50 * random() : 0.1 * random()),
      wait: random() < 0.2 ? 200 * random() : random() * 0.7,
    }),
    "growing demand": (random, target) => ({ work: share(target, 3), wait: 0.5 + random() / 2 }),
    extremes: (random) => ({
      work: random() < 0.5 ? 0n : 2n ** 96n - 1n,
      wait: random() < 0.1 ? 1_000 * random() : random() * 2,
    }),
  };

  const RULES: readonly PriceModelRules[] = [
    PARAMETERS.priceRules,
    { floor: 1_000_007n, target: 1n, windowSeconds: 60n },
    { floor: 10n ** 15n, target: 2n ** 46n, windowSeconds: 86_400n },
  ];

  for (const [name, demand] of Object.entries(DEMANDS)) {
    for (const [index, rules] of RULES.entries()) {
      it(`moves the price as the model does: ${name}, rules ${index + 1}`, async () => {
        const { meter, feePolicy } = await loadFixture(fixture);
        await feePolicy.setPriceRules(rules);
        const random = seededRandom(index + 1);
        let now = BigInt(await time.latest()) + 10n;
        const model = new PriceModel(rules, now);
        await time.setNextBlockTimestamp(now);
        await meter.closeWindows();
        for (let i = 0; i < 150; ++i) {
          const { work, wait } = demand(random, rules.target);
          now += 1n + share(rules.windowSeconds, wait);
          model.serve(work, now);
          await time.setNextBlockTimestamp(now);
          await meter.observe(work);
          const state = await meter.priceState();
          expect([state.unitPrice, state.windowEnd, state.served], `step ${i}`).to.deep.equal([
            model.unitPrice,
            model.windowEnd,
            model.served,
          ]);
        }
      });
    }
  }

  it("quotes what the model does between transactions", async () => {
    const { meter } = await loadFixture(fixture);
    const rules = PARAMETERS.priceRules;
    let now = BigInt(await time.latest()) + 10n;
    const model = new PriceModel(rules, now);
    await time.setNextBlockTimestamp(now);
    await meter.closeWindows();
    for (let i = 0; i < 12; ++i, now += HOUR) {
      model.serve(3n * rules.target, now + 1n);
      await time.setNextBlockTimestamp(now + 1n);
      await meter.observe(3n * rules.target);
    }
    for (const pause of [1n, HOUR, 10n * HOUR, 70n * HOUR, 300n * HOUR]) {
      now += pause;
      model.passTo(now);
      await time.increaseTo(now);
      expect(await meter.quote(3, 1, 2, 1)).to.equal(model.unitPrice * (3n * 12n + 3n));
    }
  });

  it("announces each window with its price", async () => {
    const { meter } = await loadFixture(fixture);
    await meter.observe(1);
    const { windowEnd } = await meter.priceState();
    await time.setNextBlockTimestamp(windowEnd);
    await expect(meter.closeWindows())
      .to.emit(meter, "UnitPriceChanged")
      .withArgs(PARAMETERS.priceRules.floor, windowEnd + HOUR);
    await expect(meter.closeWindows()).to.not.emit(meter, "UnitPriceChanged");
  });

  it("changes rates only with the next window", async () => {
    const { meter, feePolicy } = await loadFixture(fixture);
    await meter.closeWindows();
    const { floor } = PARAMETERS.priceRules;
    await feePolicy.setWorkRates({ multipliers: [1, 2, 3, 4], inputRate: 5, outputRate: 6 });
    expect(await meter.quote(1, 3, 2, 1)).to.equal(1_003n * floor);
    await time.increaseTo((await meter.priceState()).windowEnd);
    expect(await meter.quote(1, 3, 2, 1)).to.equal((4n + 2n * 5n + 6n) * floor);
    expect(await feePolicy.workRates()).to.deep.equal([[1n, 2n, 3n, 4n], 5n, 6n]);
  });

  it("names what is out of bounds", async () => {
    const { feePolicy } = await loadFixture(fixture);
    const { priceRules: rules, workRates: rates } = PARAMETERS;
    const refused = [
      [
        () => feePolicy.setPriceRules({ ...rules, floor: 999_999 }),
        "BadFloor",
        [999_999, 1e6, 1e15],
      ],
      [() => feePolicy.setPriceRules({ ...rules, target: 0 }), "BadTarget", [0, 1, 2 ** 46]],
      [
        () => feePolicy.setPriceRules({ ...rules, windowSeconds: 59 }),
        "BadWindow",
        [59, 60, 86_400],
      ],
      [
        () => feePolicy.setWorkRates({ ...rates, multipliers: [1, 1, 0, 1] }),
        "BadMultiplier",
        [0, 1, 50_000],
      ],
      [() => feePolicy.setWorkRates({ ...rates, inputRate: 1_001 }), "RateTooHigh", [1_001, 1_000]],
      [
        () => feePolicy.setWorkRates({ ...rates, outputRate: 1_001 }),
        "RateTooHigh",
        [1_001, 1_000],
      ],
    ] as const;
    for (const [call, error, found] of refused) {
      await expect(call())
        .to.be.revertedWithCustomError(feePolicy, `FeePolicy${error}`)
        .withArgs(...found);
    }
  });
});

/** A fraction of an amount. */
function share(amount: bigint, fraction: number): bigint {
  return (amount * BigInt(Math.floor(fraction * 1e6))) / 1_000_000n;
}
