import { dataSlice, hexlify } from "ethers";
import { evidenceOf, proofKindOf } from "../../sdk/proof-kinds.ts";
import { roleSet } from "../../sdk/tiers.ts";
import { at } from "../../zkml/arrays.ts";
import { proveTogether } from "../../zkml/prove/prover.ts";
import { seededRandom } from "../../zkml/random.ts";
import { randomBytes } from "../../zkml/testing/networks.ts";
import {
  answer,
  ask,
  fullModel,
  publish,
  type OpenRequest,
  type PublishedModel,
} from "../fixtures/models.ts";
import { opg, type Fixture } from "../fixtures/protocol.ts";
import { expectAllServed } from "./served.ts";
import { randomTerms, type GasBook } from "./gas-book.ts";

/** Origin and key, before the sizes; commitment and proof, behind them. */
const RANDOM_PARTS = [
  [4, 56],
  [66, 354],
] as const;

/** Books what answers cost that share a proof of 59 inferences: sixteen bytes in, four out, whole fee paid. */
export async function bookSharedProofs(
  fixture: Fixture,
  book: GasBook,
  expiry: number,
): Promise<void> {
  const {
    inferenceMarket: market,
    sharedProofVerifier,
    nodeRegistry,
    stranger,
    nodeSigner,
  } = fixture;
  const node = stranger.address;
  const registration = { roles: roleSet("Inference"), signer: nodeSigner, endpoint: "" };
  await nodeRegistry.connect(stranger).register(registration, opg(5_000));
  const published = await publish(fixture, await fullModel(), { content: "0x1f" });
  const { inferences } = published.model.circuit.form;
  const random = seededRandom(59);
  const locked = async (count: number, salt: number): Promise<OpenRequest> => {
    const input = randomBytes(16 * count, random);
    const request = await ask(fixture, published, { expiry, input, salt });
    await market.connect(nodeSigner).lock(request.terms, node);
    return request;
  };

  // So that the slots of the node's earnings and collateral were written before.
  for (const index of [0, 1]) {
    const request = await locked(inferences, 5_000 + index);
    const { output, evidence } = await answer(fixture, published, { ...request, node });
    const fulfil = market.connect(nodeSigner).fulfil(request.terms, node, output, evidence);
    const values = [...randomOf(evidence), ...randomTerms(request.terms)];
    await book.book(`fulfil one request for ${inferences} inferences`, fulfil, values);
  }
  book.share(
    `fulfil one request for ${inferences} inferences, per inference`,
    `fulfil one request for ${inferences} inferences`,
    inferences,
  );

  const requests: OpenRequest[] = [];
  for (let i = 0; i < inferences; i++) requests.push(await locked(1, 6_000 + i));
  const { answers, evidence } = await prove(fixture, published, { requests, node });
  const claim = {
    market: await market.getAddress(),
    modelId: published.modelId,
    node,
  };
  const values = [...randomOf(evidence), ...requests.map(({ requestId }) => requestId)];
  const verify = sharedProofVerifier.interface.encodeFunctionData("verifyShared", [
    claim,
    answers,
    dataSlice(evidence, 4),
  ]);
  await book.book(
    `verify proof of ${inferences} inferences, per inference`,
    nodeSigner.sendTransaction({ to: sharedProofVerifier, data: verify }),
    values,
    inferences,
  );
  const fulfilments = requests.map(({ terms }, i) => ({ terms, output: at(answers, i).output }));
  await book.book(
    `fulfil ${inferences} requests by one proof, per request`,
    market.connect(nodeSigner).fulfilShared(node, fulfilments, evidence),
    [...randomOf(evidence), ...requests.flatMap(({ terms }) => randomTerms(terms))],
    inferences,
  );
  await expectAllServed(fixture, requests);
}

async function prove(
  { inferenceMarket, deployment }: Fixture,
  { model, modelId, origin, key }: PublishedModel,
  { requests, node }: { readonly requests: readonly OpenRequest[]; readonly node: string },
) {
  const market = await inferenceMarket.getAddress();
  const { answers, evidence } = await proveTogether(model, {
    questions: requests,
    context: { chainId: deployment.chainId, market, modelId, node },
    parts: { origin, key },
  });
  return {
    answers: answers.map(({ requestId, output }, i) => ({
      requestId,
      inputHash: at(requests, i).terms.inputHash,
      output: hexlify(output),
    })),
    evidence: evidenceOf(proofKindOf(model.circuit.form), evidence),
  };
}

function randomOf(evidence: string): string[] {
  return RANDOM_PARTS.map(([start, end]) => dataSlice(evidence, start, end));
}
