import { expect } from "chai";
import hre from "hardhat";
import { concat, dataSlice, hexlify, id } from "ethers";
import { testDigits } from "../../scripts/models/digits/mnist.ts";
import { signPermit } from "../../sdk/permit.ts";
import { roleSet, tierSet } from "../../sdk/tiers.ts";
import { at } from "../../zkml/arrays.ts";
import { encodeKeyDelta, encodeKeySetup } from "../../zkml/prove/encoding.ts";
import {
  answer,
  ask,
  digitsModel,
  proveClaims,
  publish,
  tinyModel,
  wideModel,
  type PublishedModel,
} from "../fixtures/models.ts";
import { fundedProtocolOn, opg, type Fixture } from "../fixtures/protocol.ts";
import type { Chain } from "../fixtures/network.ts";
import { bookAttested, bookEnclaves } from "./attested.ts";
import { bookChannels } from "./channels.ts";
import { bookChat } from "./chat.ts";
import { bookOptimistic } from "./optimistic.ts";
import { bookSignedRequests } from "./signed-requests.ts";
import { settle } from "../fixtures/snapshot.ts";
import { EXPIRY, GasBook, randomTerms } from "./gas-book.ts";
import { bookLedger } from "./ledger.ts";
import { bookNitro } from "./nitro.ts";
import { bookP384 } from "./p384.ts";
import { bookSharedProofs } from "./shared-proofs.ts";
import { bookSigned } from "./signed.ts";

/** Proofs that are verified at once. */
const BATCH = 32;

const IS_PRODUCTION = hre.globalOptions.buildProfile === "production";

/*
 * Each figure is one transaction of its own, 21,000 and calldata included. Unless the name says "first", every slot it
 * writes was written before, as on any day but the first.
 */
describe("gas of user actions", function () {
  const book = new GasBook();
  let chain: Chain;
  let fixture: Fixture;
  let digits: PublishedModel;
  let small: PublishedModel;
  let image: Uint8Array;

  before(async function () {
    // Figures are those of the bytecode that ships.
    if (!IS_PRODUCTION) this.skip();
    chain = await hre.network.create("default");
    fixture = await fundedProtocolOn(chain);
    await chain.networkHelpers.time.setNextBlockTimestamp(EXPIRY - 10 * 86_400);
    image = at((await testDigits()).images, 0);
  });

  it("key, model, node", async () => {
    const {
      groth16Verifier,
      modelRegistry,
      nodeRegistry,
      staking,
      publisher,
      operator,
      otherOperator,
      nodeSigner,
    } = fixture;
    const { verificationKey } = (await digitsModel()).keys;
    const points = hexlify(encodeKeySetup(verificationKey));
    const delta = hexlify(encodeKeyDelta(verificationKey));
    await book.book(
      "register key set-up",
      groth16Verifier.connect(publisher).registerSetup(points),
      [points],
    );
    const setup = await groth16Verifier.setupAddress(points);
    const registerKey = groth16Verifier.connect(publisher).registerKey(setup, delta);
    await book.book("register verification key", registerKey, [setup, delta]);

    const registration = {
      contentHash: id("model"),
      uri: "https://models.example/digits",
      tiers: tierSet("Proven"),
      key: await groth16Verifier.keyAddress(setup, delta),
      inputSize: 784,
      outputSize: 40,
      inferences: 1,
      computeUnits: 100,
      royalty: 0,
    };
    const { key } = registration;
    await book.book(
      "register model, first",
      modelRegistry.connect(publisher).register(registration),
      [key],
    );
    const second = modelRegistry
      .connect(publisher)
      .register({ ...registration, contentHash: id("second") });
    await book.book("register model", second, [key]);

    const node = {
      roles: roleSet("Inference"),
      signer: nodeSigner.address,
      endpoint: "https://node.example",
    };
    await staking.stake(otherOperator, opg(1));
    await book.book(
      "register node and stake",
      nodeRegistry.connect(operator).register(node, opg(5_000)),
    );
    await book.book("stake top-up", staking.connect(operator).stake(operator, opg(100)));
  });

  it("stake in and out", async () => {
    const { staking, provider, publisher, keeper, stranger, governor } = fixture;
    const operator = keeper;
    await staking.stake(fixture.otherOperator, opg(1));
    await book.book("stake, first", staking.connect(operator).stake(operator, opg(100)));
    for (const [suffix, delegator] of [
      [", first", publisher],
      ["", stranger],
      [" again", stranger],
    ] as const) {
      const transaction = staking.connect(delegator)["delegate(address,uint256)"](operator, opg(9));
      await book.book(`delegate${suffix}`, transaction);
    }
    await book.book("pay rewards, first", staking.connect(governor).addRewards(operator, opg(1)));
    await book.book("pay rewards", staking.connect(governor).addRewards(operator, opg(1)));
    const shares = opg(1) * 1_000n;
    for (const suffix of [", first", ""]) {
      const own = staking.connect(operator).beginUnstake(operator, opg(10));
      await book.book(`begin unstake${suffix}`, own);
      const delegated = staking.connect(stranger).beginUnstake(operator, shares);
      await book.book(`begin unstake, delegated${suffix}`, delegated);
    }
    await provider.send("evm_increaseTime", [Number(await staking.unbondingPeriod())]);
    await book.book("finish unstake", staking.withdraw(operator, operator));
    await book.book("finish unstake, delegated", staking.withdraw(operator, stranger));
  });

  it("money in and out", async () => {
    const { feeEscrow, inferenceMarket, opg: token, payer, deployment } = fixture;
    const escrow = feeEscrow.connect(payer);
    await book.book("deposit, first", escrow.deposit(payer, opg(1_000)));
    await book.book("deposit", escrow.deposit(payer, opg(1_000)));
    await token.connect(payer).approve(feeEscrow, 0);
    const permission = { spender: feeEscrow, value: opg(100), deadline: BigInt(EXPIRY) };
    const { v, r, s } = await signPermit(deployment, payer, permission);
    const withPermit = escrow.depositWithPermit(payer, opg(100), EXPIRY, v, r, s);
    await book.book("deposit with permit, first", withPermit, [r, s]);
    const again = await signPermit(deployment, payer, permission);
    const secondPermit = escrow.depositWithPermit(
      payer,
      opg(100),
      EXPIRY,
      again.v,
      again.r,
      again.s,
    );
    await book.book("deposit with permit", secondPermit, [again.r, again.s]);
    await book.book("withdraw", escrow.withdraw(opg(10), payer));
    await escrow.authorizeLocker(inferenceMarket);
  });

  it("a request of 784 bytes, proved", async () => {
    const { inferenceMarket: market, provenVerifier, operator, nodeSigner, deployment } = fixture;
    digits = await publish(fixture, await digitsModel(), { content: "0x0d" });
    for (const suffix of [", first", ""]) {
      const name = "request, 784-byte input, escrowed from balance";
      const { terms, requestId } = await bookedAsk(digits, name, image);
      const lock = market.connect(nodeSigner).lock(terms, operator);
      await book.book(`lock with collateral${suffix}`, lock, randomTerms(terms));
      const { output, evidence } = await answer(fixture, digits, {
        requestId,
        input: image,
        node: operator.address,
      });
      const claim = {
        market: deployment.addresses.inferenceMarket,
        modelId: terms.modelId,
        requestId,
        node: operator.address,
        inputHash: terms.inputHash,
      };
      const data = provenVerifier.interface.encodeFunctionData("verify", [
        claim,
        output,
        dataSlice(evidence, 4),
      ]);
      // Origin, key, commitment and proof are random.
      const random = [dataSlice(evidence, 4, 344), ...randomTerms(terms)];
      await book.book("verify proven", nodeSigner.sendTransaction({ to: provenVerifier, data }), [
        ...random,
        requestId,
      ]);
      const fulfil = market.connect(nodeSigner).fulfil(terms, operator, output, evidence);
      await book.book(`fulfil proven${suffix}`, fulfil, random);
    }
  });

  it("a batch of proofs", async () => {
    const { provenVerifier, nodeSigner, deployment } = fixture;
    const wide = await publish(fixture, await wideModel(), { content: "0x0f" });
    const proved = await proveClaims(deployment.chainId, wide, BATCH);
    const { claim: shared } = at(proved, 0);
    const { origin, key } = wide;
    const random = proved.map(({ claim, output, evidence }) => ({
      requestId: claim.requestId,
      // Behind origin and key.
      answer: concat([dataSlice(evidence, 52), output]),
      statement: concat([claim.modelId, claim.requestId, claim.inputHash, output, evidence]),
    }));

    const answersOf = (items: typeof random) =>
      provenVerifier.interface.encodeFunctionData("verifyAnswers", [
        { ...shared, origin, key, inputSize: 32, outputSize: 4 },
        items.map(({ requestId }) => requestId),
        concat(items.map(({ answer }) => answer)),
      ]);
    const valuesOf = (items: typeof random) => [
      shared.modelId,
      origin,
      key,
      ...items.flatMap(({ requestId, answer }) => [requestId, answer]),
    ];
    const claims = provenVerifier.interface.encodeFunctionData("verifyBatch", [
      proved.map(({ claim }) => claim),
      proved.map(({ output }) => output),
      proved.map(({ evidence }) => evidence),
    ]);
    const { claim, output, evidence } = at(proved, 0);
    const alone = provenVerifier.interface.encodeFunctionData("verify", [claim, output, evidence]);
    await book.book(
      "verify proven, 32-byte input",
      nodeSigner.sendTransaction({ to: provenVerifier, data: alone }),
      [at(random, 0).statement],
    );
    // A proof may come more than once.
    const twice = [...random, ...random];
    const batches = [1, 4, 16, BATCH, 2 * BATCH].map((count) => {
      const items = twice.slice(0, count);
      const name = `verify batch of ${count} proven, per proof`;
      return [name, answersOf(items), valuesOf(items), count] as const;
    });
    const separate = [
      `verify batch of ${BATCH} proven, as separate claims, per proof`,
      claims,
      random.map(({ statement }) => statement),
      BATCH,
    ] as const;
    for (const [name, data, values, count] of [...batches, separate]) {
      // What is booked must be batches that hold.
      expect(BigInt(await nodeSigner.call({ to: provenVerifier, data }))).to.equal(1n);
      const sent = nodeSigner.sendTransaction({ to: provenVerifier, data });
      await book.book(name, sent, values, count);
    }
  });

  it("inferences that share a proof", () => bookSharedProofs(fixture, book, EXPIRY));

  it("a request of 12 bytes, with royalty", async () => {
    const { inferenceMarket: market, feeEscrow, operator, nodeSigner } = fixture;
    small = await publish(fixture, await tinyModel(), { royalty: opg(1), content: "0x0e" });
    const input = Uint8Array.from({ length: 12 }, (_, i) => i + 1);
    for (const suffix of [", first", ""]) {
      const { terms, requestId } = await bookedAsk(small, "request, escrowed from balance", input);
      await market.connect(nodeSigner).lock(terms, operator);
      const { output, evidence } = await answer(fixture, small, {
        requestId,
        input,
        node: operator.address,
      });
      const fulfil = market.connect(nodeSigner).fulfil(terms, operator, output, evidence);
      const random = [dataSlice(evidence, 4, 344), ...randomTerms(terms)];
      await book.book(`fulfil proven, 12-byte input, with royalty${suffix}`, fulfil, random);
    }
    await feeEscrow.collectEarnings(operator);
    await feeEscrow.collectRoyalties(small.modelId);
  });

  it("a request of 784 bytes whose payer gets a part of the fee back", async () => {
    const { inferenceMarket: market, operator, nodeSigner } = fixture;
    for (const suffix of [", first", ""]) {
      const options = { expiry: EXPIRY, input: image, rampSeconds: 86_400, salt: ++salt };
      const { terms, requestId } = await ask(fixture, digits, options);
      await market.connect(nodeSigner).lock(terms, operator);
      const { output, evidence } = await answer(fixture, digits, {
        requestId,
        input: image,
        node: operator.address,
      });
      const fulfil = market.connect(nodeSigner).fulfil(terms, operator, output, evidence);
      const random = [dataSlice(evidence, 4, 344), ...randomTerms(terms)];
      await book.book(`fulfil proven, part of the fee back${suffix}`, fulfil, random);
    }
  });

  it("answers of the Signed tier", () => bookSigned(fixture, book, EXPIRY));

  it("enclaves", () => bookEnclaves(book));

  it("answers of the Attested tier", () => bookAttested(fixture, book, EXPIRY));

  it("the first request of a window", async () => {
    await fixture.provider.send("evm_increaseTime", [3_601]);
    const input = Uint8Array.from({ length: 12 }, (_, i) => i + 1);
    await bookedAsk(small, "request, first of a window", input);
  });

  it("requests that nobody serves", async () => {
    const { inferenceMarket: market, staking, provider } = fixture;
    const { operator, nodeSigner, payer, keeper } = fixture;
    for (const [index, reporter] of [payer, payer, keeper, keeper].entries()) {
      const { terms } = await ask(fixture, small, { expiry: EXPIRY, salt: 100 + index });
      await market.connect(nodeSigner).lock(terms, operator);
      await provider.send("evm_increaseTime", [601]);
      const name = reporter === payer ? "slash" : "slash, reported by a keeper";
      await book.book(
        index % 2 === 0 ? `${name}, first` : name,
        market.connect(reporter).expire(terms),
        randomTerms(terms),
      );
    }
    await book.book("hand on slashed stake", staking.handOn(payer));
  });

  it("requests that are only signed", () => bookSignedRequests(fixture, book, small));

  it("answers that are believed, doubted and proved", () => bookOptimistic(fixture, book));

  it("requests that expire", async () => {
    const { inferenceMarket: market, provider, payer } = fixture;
    const { terms } = await ask(fixture, small, { expiry: EXPIRY, salt: 200 });
    await provider.send("evm_setNextBlockTimestamp", [EXPIRY + 1]);
    await book.book("expire and refund", market.connect(payer).expire(terms), randomTerms(terms));
  });

  it("payment channels", () => bookChannels(fixture, book));

  it("signatures over P-384", () => bookP384(chain, book));

  it("Nitro documents", () => bookNitro(book));

  it("batches of receipts", () => bookLedger(book));

  it("questions to language models", () => bookChat(chain, fixture, book));

  it("is what the snapshot says", () => settle("gas", book.figures()));

  let salt = 0;

  async function bookedAsk(model: PublishedModel, name: string, input: Uint8Array) {
    const { inferenceMarket: market, provider } = fixture;
    const request = await ask(fixture, model, { expiry: EXPIRY, input, salt: ++salt });
    const [event] = await market.queryFilter(market.filters.InferenceRequested(request.requestId));
    if (event === undefined) throw new Error("no request was made");
    const transaction = await provider.getTransaction(event.transactionHash);
    if (transaction === null) throw new Error("the transaction is gone");
    await book.book(name, Promise.resolve(transaction), [model.modelId]);
    return request;
  }
});
