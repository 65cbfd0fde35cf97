import { dataSlice } from "ethers";
import { answer, ask, INPUT, publish, twinModel } from "../fixtures/models.ts";
import { opg, type Fixture } from "../fixtures/protocol.ts";
import { EXPIRY, randomTerms, type GasBook } from "./gas-book.ts";

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
  const challenger = inferenceMarket.connect(keeper);

  let salt = 1_000;
  const locked = async () => {
    const options = { tier: "Optimistic", expiry: EXPIRY, salt: ++salt } as const;
    const { terms, requestId } = await ask(fixture, model, options);
    await market.lock(terms, operator);
    const request = { requestId, input: INPUT, node: operator.address };
    return { terms, ...(await answer(fixture, model, request)) };
  };
  const posted = async () => {
    const request = await locked();
    await market.fulfil(request.terms, operator, request.output, "0x");
    return request;
  };

  const calm = await locked();
  const post = market.fulfil(calm.terms, operator, calm.output, "0x");
  await book.book("post answer", post, randomTerms(calm.terms));
  await pass(challengeWindow);
  await book.book("finalize", market.finalize(calm.terms, calm.output), randomTerms(calm.terms));

  const doubted = await posted();
  await book.book("challenge", challenger.challenge(doubted.terms), randomTerms(doubted.terms));
  const { terms, output, evidence } = doubted;
  const random = [dataSlice(evidence, 4, 344), ...randomTerms(doubted.terms)];
  await book.book("prove", market.prove(terms, output, evidence), random);

  const failed = await posted();
  await challenger.challenge(failed.terms);
  await pass(proveWindow);
  await book.book("slash, challenged", challenger.expire(failed.terms), randomTerms(failed.terms));
}
