import { expect } from "chai";
import { id } from "ethers";
import { termsOf } from "../../sdk/request.ts";
import { runningMarket } from "../fixtures/market.ts";
import { answer, INPUT } from "../fixtures/models.ts";
import { ethers, loadFixture, networkHelpers } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";

const READ = 2n;

describe("DigitReader", () => {
  /** The tiny model has three scores instead of ten; the consumer does not mind. */
  async function fixture() {
    const context = await runningMarket();
    const { inferenceMarket: market, feeEscrow, governor, payer, published } = context;
    const reader = await ethers.deployContract(
      "DigitReader",
      [market, published.modelId],
      governor,
    );
    await feeEscrow.connect(payer).deposit(reader, opg(100));
    return { ...context, market, reader };
  }

  async function asked() {
    const context = await fixture();
    const { market, reader, stranger } = context;
    await reader.connect(stranger).ask(INPUT, opg(5), opg(20));
    const [event] = await market.queryFilter(market.filters.InferenceRequested());
    if (event === undefined) throw new Error("nothing was asked");
    return { ...context, requestId: event.args.requestId, terms: termsOf(event.args.request) };
  }

  it("authorises the market to lock its money", async () => {
    const { market, feeEscrow, reader } = await loadFixture(fixture);
    expect(await feeEscrow.lockerOf(reader)).to.equal(await market.getAddress());
  });

  it("pays with its own balance, and asks as often as it is asked", async () => {
    const { feeEscrow, reader, requestId, terms, stranger } = await loadFixture(asked);
    expect(terms.payer).to.equal(await reader.getAddress());
    expect(terms.consumer).to.equal(await reader.getAddress());
    expect(await feeEscrow.balanceOf(reader)).to.equal(opg(95));
    expect((await reader.readings(requestId)).status).to.equal(1);
    await expect(reader.connect(stranger).ask(INPUT, opg(5), opg(20))).to.emit(
      reader,
      "DigitAsked",
    );
  });

  it("keeps the digit with the highest score", async () => {
    const context = await loadFixture(asked);
    const { market, reader, operator, published, requestId, terms } = context;
    const { output, evidence } = await answer(context, published, {
      requestId,
      input: INPUT,
      node: operator.address,
    });
    const scores = [0, 1, 2].map((i) => Buffer.from(output.slice(2), "hex").readInt32BE(4 * i));
    const digit = scores.indexOf(Math.max(...scores));
    await expect(market.fulfil(terms, operator, output, evidence))
      .to.emit(reader, "DigitRead")
      .withArgs(requestId, digit);
    expect(await reader.readings(requestId)).to.deep.equal([READ, BigInt(digit)]);
  });

  it("takes answers from the market alone", async () => {
    const { market, reader, stranger, requestId } = await loadFixture(asked);
    await expect(reader.connect(stranger).onInference(requestId, "0x00000001"))
      .to.be.revertedWithCustomError(reader, "InferenceConsumerNotMarket")
      .withArgs(stranger, market);
  });

  it("takes answers to its own questions alone", async () => {
    const context = await loadFixture(asked);
    const { market, reader } = context;
    await networkHelpers.impersonateAccount(await market.getAddress());
    await networkHelpers.setBalance(await market.getAddress(), 10n ** 18n);
    const asMarket = reader.connect(await ethers.getSigner(await market.getAddress()));
    await expect(asMarket.onInference(id("unknown"), "0x00000001"))
      .to.be.revertedWithCustomError(reader, "DigitReaderUnknownRequest")
      .withArgs(id("unknown"));
    await expect(asMarket.onInference(context.requestId, "0x"))
      .to.be.revertedWithCustomError(reader, "TensorReaderOutOfBounds")
      .withArgs(0, 0);
  });
});
