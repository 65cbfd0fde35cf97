import { id, toBeHex, Wallet, type BaseWallet } from "ethers";
import { MEASUREMENT_KINDS } from "../../sdk/enclave.ts";
import { decodeAttestedEvidence } from "../../sdk/receipt.ts";
import { roleSet } from "../../sdk/tiers.ts";
import {
  approvalOf,
  attest,
  attestedAnswer,
  publishAttested,
  scriptRegistry,
  TLS_KEY_HASH,
} from "../fixtures/attested.ts";
import { ask, type Answer, type OpenRequest } from "../fixtures/models.ts";
import { NITRO_REGISTERS, nitroAttestation, TEST_ROOT_HASH } from "../fixtures/nitro-enclaves.ts";
import { fundedProtocolOn, opg, type Fixture } from "../fixtures/protocol.ts";
import { chainAt } from "../verifiers/nitro/nitro-fixture.ts";
import type { GasBook } from "./gas-book.ts";
import { expectAllServed } from "./served.ts";

const { NitroSim } = MEASUREMENT_KINDS;

const BATCH = 32;

/** When the documents of enclaves are made; Unix time in seconds, in 2030. */
const NOW = 1_900_000_000;

/** Of the documents here: that of the first block, which is the same in every run. */
const BLOCK_NUMBER = 0;

/**
 * Books what it costs to register an enclave's key by a whole document, made as the hardware makes it: once with none of its
 * certificates known, once with all but the enclave's own; and to renew it. On a chain of its own, so that the documents are the
 * same in every run: what P-384 takes differs from one signature to the next.
 */
export async function bookEnclaves(book: GasBook): Promise<void> {
  const chain = await chainAt(NOW - 1_000);
  const fixture = await fundedProtocolOn(chain, { simulatedRoot: TEST_ROOT_HASH });
  const { enclaveRegistry: registry, stranger } = fixture;
  await registry.approveMeasurement(approvalOf({ registers: NITRO_REGISTERS }));
  await chain.networkHelpers.time.increaseTo(NOW);

  const made = (name: string, madeAt = NOW) =>
    nitroAttestation(fixture, {
      enclave: new Wallet(id(name)),
      operator: stranger.address,
      tlsKeyHash: TLS_KEY_HASH,
      blockNumber: BLOCK_NUMBER,
      madeAt,
    });
  for (const name of ["register enclave, sim, first", "register enclave, sim"]) {
    const { binding, document, hints } = await made(name);
    await book.book(name, registry.attestNitro(NitroSim, binding, document, hints));
  }
  const { binding, document, hints } = await made("register enclave, sim", NOW + 1);
  const renewed = registry.renewNitro(NitroSim, binding, document, hints);
  await book.book("renew enclave, sim", renewed);
}

/** A request that a node has locked, and what its enclave answers. */
type Locked = OpenRequest & Answer & { readonly node: string };

/** Books what answers of the Attested tier cost: twelve bytes in, 32 out, whole fee paid. */
export async function bookAttested(fixture: Fixture, book: GasBook, expiry: number): Promise<void> {
  const { inferenceMarket: market, attestedVerifier, enclaveRegistry, nodeRegistry } = fixture;
  const { keeper, nodeSigner, deployment } = fixture;
  // A node of its own: what it leaves in the market must not change what others pay there.
  const node = keeper.address;
  const registration = { roles: roleSet("Inference"), signer: nodeSigner, endpoint: "" };
  await nodeRegistry.connect(keeper).register(registration, opg(5_000));
  const published = await publishAttested(fixture);
  const enclave = await registeredEnclave(fixture, node);
  const input = Uint8Array.from({ length: 12 }, (_, i) => i + 1);

  const locked = async (salt: number): Promise<Locked> => {
    const request = await ask(fixture, published, { tier: "Attested", expiry, input, salt });
    await market.connect(nodeSigner).lock(request.terms, node);
    return { ...request, ...(await attestedAnswer(fixture, request, { enclave, node })) };
  };
  const fulfil = ({ terms, output, evidence }: Locked) =>
    market.connect(nodeSigner).fulfil(terms, node, output, evidence);

  // So that the slots of the node's earnings and collateral were written before.
  await fulfil(await locked(1_000));
  const single = await locked(1_001);
  const { modelId, inputHash } = single.terms;
  const { requestId, output, evidence } = single;
  const claim = {
    market: deployment.addresses.inferenceMarket,
    modelId,
    requestId,
    node,
    inputHash,
  };
  const content = `0x${evidence.slice(10)}`;
  const data = attestedVerifier.interface.encodeFunctionData("verify", [claim, output, content]);
  const verify = nodeSigner.sendTransaction({ to: attestedVerifier, data });
  await book.book("verify receipt", verify, [requestId, ...randomOf(single)]);
  await book.book("fulfil attested", fulfil(single), randomOf(single));
  const batch: Locked[] = [];
  for (let i = 0; i < BATCH; i++) batch.push(await locked(2_000 + i));
  await book.book(
    `fulfil batch of ${BATCH} attested, per item`,
    market.connect(nodeSigner).fulfilBatch(batch),
    batch.flatMap((item) => randomOf(item)),
    BATCH,
  );
  await expectAllServed(fixture, batch);
  await book.book("retire enclave", enclaveRegistry.connect(keeper).retire(enclave), [
    enclave.address,
  ]);
}

/** An enclave of the node's; what its document says is scripted, since all that is booked with it comes after. */
async function registeredEnclave(fixture: Fixture, operator: string): Promise<BaseWallet> {
  const { nitro, registry } = await scriptRegistry(fixture);
  await registry.approveMeasurement(approvalOf());
  const enclave = Wallet.createRandom();
  await attest({ ...fixture, nitro }, enclave, { operator });
  return enclave;
}

/** Signatures, and moments: the chain's clock is another in each run. */
function randomOf({ terms, evidence }: Locked): string[] {
  const decoded = decodeAttestedEvidence(evidence);
  if (decoded === undefined) throw new Error("not evidence of the Attested tier");
  const { statement, signature } = decoded;
  const moments = [terms.rampStart, statement.startedAt, statement.completedAt];
  return [signature, ...moments.map((moment) => toBeHex(moment))];
}
