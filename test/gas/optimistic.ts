import { dataSlice } from "ethers";
import { answer, ask, INPUT, publish, twinModel } from "../fixtures/models.ts";
import { opg, type Fixture } from "../fixtures/protocol.ts";
import { EXPIRY, type GasBook } from "./gas-book.ts";

/** Books answers of 12 bytes in the Optimistic tier: undoubted ones, and such that are challenged and proved, or not. */
export async function bookOptimistic(fixture: Fixture, book: GasBook): Promise<void> {
  const { inferenceMarket, feeEscrow, provider, operator, nodeSigner, keeper } = fixture;
  const model = await publish(fixture, await twinModel(), {
    content: "0x10",
    tiers: ["Optimistic"],
  });
  const market = inferenceMarket.connect(nodeSigner);
  await feeEscrow.connect(keeper).deposit(keeper, opg(1_000));
  await feeEscrow.connect(keeper).authorizeLocker(inferenceMarket);
  const { challengeWindow, proveWindow } = await inferenceMarket.challengeTerms();
  const pass = (seconds: bigint) => provider.send("evm_increaseTime", [Number(seconds) + 1]);
  const challenge = inferenceMarket.connect(keeper);

  let salt = 1_000;
  const posted = async (name?: string) => {
    const options = { tier: "Optimistic", expiry: EXPIRY, salt: ++salt } as const;
    const { terms, requestId } = await ask(fixture, model, options);
    await market.lock(terms, operator);
    const request = { requestId, input: INPUT, node: operator.address };
    const proof = await answer(fixture, model, request);
    const post = market.fulfil(terms, operator, proof.output, "0x");
    if (name === undefined) await post;
    else await book.book(name, post, [terms.modelId]);
    return { terms, ...proof };
  };

  for (const suffix of [", first", ""]) {
    const { terms, output } = await posted(`post answer${suffix}`);
    await pass(challengeWindow);
    await book.book(`finalize${suffix}`, market.finalize(terms, output), [terms.modelId]);
  }
  for (const suffix of [", first", ""]) {
    const { terms, output, evidence } = await posted();
    await book.book(`challenge${suffix}`, challenge.challenge(terms), [terms.modelId]);
    const random = [dataSlice(evidence, 4, 344), terms.modelId];
    await book.book(`prove${suffix}`, market.prove(terms, output, evidence), random);
  }
  const { terms } = await posted();
  await challenge.challenge(terms);
  await pass(proveWindow);
  await book.book("slash, challenged", challenge.expire(terms), [terms.modelId]);
}
