import { toBeHex } from "ethers";
import { decodeSignedEvidence } from "../../sdk/receipt.ts";
import { roleSet } from "../../sdk/tiers.ts";
import { ask, type Answer, type OpenRequest } from "../fixtures/models.ts";
import { opg, type Fixture } from "../fixtures/protocol.ts";
import { publishSigned, signedAnswer } from "../fixtures/signed.ts";
import type { GasBook } from "./gas-book.ts";
import { expectAllServed } from "./served.ts";

const BATCH = 32;

/** A request that a node has locked, and what it answers. */
type Locked = OpenRequest & Answer & { readonly node: string };

/** Books what answers of the Signed tier cost: twelve bytes in, 32 out, whole fee paid. */
export async function bookSigned(fixture: Fixture, book: GasBook, expiry: number): Promise<void> {
  const { inferenceMarket: market, nodeRegistry, otherOperator, nodeSigner } = fixture;
  // A node of its own: what it leaves in the market must not change what others pay there.
  const node = otherOperator.address;
  const registration = { roles: roleSet("Inference"), signer: nodeSigner, endpoint: "" };
  await nodeRegistry.connect(otherOperator).register(registration, opg(5_000));
  const published = await publishSigned(fixture);
  const input = Uint8Array.from({ length: 12 }, (_, i) => i + 1);

  const locked = async (salt: number): Promise<Locked> => {
    const request = await ask(fixture, published, { tier: "Signed", expiry, input, salt });
    await market.connect(nodeSigner).lock(request.terms, node);
    return { ...request, ...(await signedAnswer(fixture, request, { node })) };
  };
  const fulfil = ({ terms, output, evidence }: Locked) =>
    market.connect(nodeSigner).fulfil(terms, node, output, evidence);

  // So that the slots of the node's earnings and collateral were written before.
  await fulfil(await locked(1_000));
  const single = await locked(1_001);
  await book.book("fulfil signed", fulfil(single), randomOf(single));
  const batch: Locked[] = [];
  for (let i = 0; i < BATCH; i++) batch.push(await locked(2_000 + i));
  await book.book(
    `fulfil batch of ${BATCH}, per item`,
    market.connect(nodeSigner).fulfilBatch(batch),
    batch.flatMap((item) => randomOf(item)),
    BATCH,
  );
  await expectAllServed(fixture, batch);
}

/** Signatures, and moments: the chain's clock is another in each run. */
function randomOf({ terms, evidence }: Locked): string[] {
  const decoded = decodeSignedEvidence(evidence);
  if (decoded === undefined) throw new Error("not evidence of the Signed tier");
  const { statement, signature } = decoded;
  const moments = [terms.rampStart, statement.startedAt, statement.completedAt];
  return [signature, ...moments.map((moment) => toBeHex(moment))];
}
