import { requestId } from "../../sdk/request.ts";
import { draftRequest, signRequest } from "../../sdk/signed-request.ts";
import { answer, INPUT, type PublishedModel } from "../fixtures/models.ts";
import { opg, type Fixture } from "../fixtures/protocol.ts";
import { EXPIRY, randomTerms, type GasBook } from "./gas-book.ts";

/** Books requests of 12 bytes that are made and locked in one transaction each. */
export async function bookSignedRequests(
  fixture: Fixture,
  book: GasBook,
  small: PublishedModel,
): Promise<void> {
  const { inferenceMarket, deployment, payer, operator, nodeSigner } = fixture;
  const market = inferenceMarket.connect(nodeSigner);
  const domain = { chainId: deployment.chainId, market: await market.getAddress() };
  const draft = (salt: bigint) =>
    draftRequest(fixture, {
      payer: payer.address,
      modelId: small.modelId,
      tier: "Proven",
      input: INPUT,
      maxFee: opg(10),
      collateral: opg(50),
      rampSeconds: 0n,
      expiry: BigInt(EXPIRY),
      lockSeconds: 600n,
      salt,
    });

  for (const [salt, suffix] of [", first", ""].entries()) {
    const terms = await draft(BigInt(salt));
    const signature = await signRequest(domain, payer, terms);
    await book.book(
      `lock with collateral and client signature${suffix}`,
      market.lockSigned(terms, INPUT, signature, operator),
      [...randomTerms(terms), signature],
    );
    // What stood behind it stands behind the next one.
    const request = { requestId: requestId(terms, domain), input: INPUT, node: operator.address };
    const { output, evidence } = await answer(fixture, small, request);
    await market.fulfil(terms, operator, output, evidence);
  }
  const terms = await draft(2n);
  await inferenceMarket.closeWindows();
  await book.book("revoke", inferenceMarket.connect(payer).revoke(terms), randomTerms(terms));
}
