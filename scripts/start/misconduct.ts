import { hexlify, parseEther, ZeroAddress } from "ethers";
import type { PublishedModel } from "../../sdk/actions/publish-model.ts";
import { modelOrigin } from "../../sdk/model-id.ts";
import { evidenceOf } from "../../sdk/proof-kinds.ts";
import { termsOf, type RequestTerms } from "../../sdk/request.ts";
import { describeRevert } from "../../sdk/reverts.ts";
import { TIERS } from "../../sdk/tiers.ts";
import type { ModelPackage } from "../../zkml/model/package.ts";
import { proveInference } from "../../zkml/prove/prover.ts";
import type { World } from "./world.ts";

const FEE = parseEther("4");

/** Too much for the honest node, so that the cheat is alone with it. */
const COLLATERAL = parseEther("60");

const LOCK_SECONDS = 600;

/** A request that somebody made for themselves. */
export interface RiskyRequest {
  readonly requestId: string;
  readonly terms: RequestTerms;
}

/** Asks as a person, without a contract that is called back. */
export async function askRiskily(
  { chain, protocol, people, gas }: World,
  { modelId }: PublishedModel,
  { image, salt }: { image: Uint8Array; salt: number },
): Promise<RiskyRequest> {
  const { inferenceMarket: market } = protocol;
  const now = (await chain.connection.ethers.provider.getBlock("latest"))?.timestamp ?? 0;
  const parameters = {
    modelId,
    tier: TIERS.Proven,
    consumer: ZeroAddress,
    callbackGas: 0,
    maxFee: FEE,
    collateral: COLLATERAL,
    rampSeconds: 0,
    expiry: now + 3_600,
    lockSeconds: LOCK_SECONDS,
    salt,
  };
  const request = market.connect(people.payer).request(parameters, hexlify(image));
  await gas.spend("request, 784-byte input, escrowed from balance", request);
  const event = (await market.queryFilter(market.filters.InferenceRequested())).at(-1);
  if (event === undefined) throw new Error("nothing was asked");
  return { requestId: event.args.requestId, terms: termsOf(event.args.request) };
}

/** Somebody's attempt to be paid for what they did not do. */
export interface Attempt {
  readonly what: string;
  /** The contracts' own words. */
  readonly refusal: string;
}

/** The cheat tries to be paid with another digit than the model's, and with a proof that names another node. */
export async function cheat(
  world: World,
  { modelId, key }: PublishedModel,
  model: ModelPackage,
  { requestId, terms, image, truth }: RiskyRequest & { image: Uint8Array; truth: number },
): Promise<readonly Attempt[]> {
  const { deployment, people } = world;
  const identity = { publisher: people.publisher.address, contentHash: model.contentHash };
  const prove = (node: string) =>
    proveInference(model, {
      input: image,
      context: {
        chainId: deployment.chainId,
        market: deployment.addresses.inferenceMarket,
        modelId,
        requestId,
        node,
      },
      parts: { origin: modelOrigin(identity), key },
    });

  const own = await prove(people.cheat.address);
  const lie = claimDigit(own.output, (truth + 1) % 10);
  const copied = await prove(people.operator.address);
  return [
    {
      what: "says another digit than the model did, with a proof of its own",
      refusal: await refusalOf(world, terms, lie, own.evidence),
    },
    {
      what: "copies the proof of another node",
      refusal: await refusalOf(world, terms, copied.output, copied.evidence),
    },
  ];
}

/** Scores that are the model's but for one, which wins. */
function claimDigit(scores: Uint8Array, digit: number): Uint8Array {
  const lie = Uint8Array.from(scores);
  new DataView(lie.buffer).setInt32(4 * digit, 0x7fffffff);
  return lie;
}

async function refusalOf(
  { protocol, people }: World,
  terms: RequestTerms,
  output: Uint8Array,
  evidence: Uint8Array,
): Promise<string> {
  const { inferenceMarket: market } = protocol;
  const full = evidenceOf("provenGroth16V1", evidence);
  try {
    await market.connect(people.cheat).fulfil({ ...terms }, people.cheat, hexlify(output), full);
  } catch (error) {
    return describeRevert(error) ?? String(error);
  }
  throw new Error("the contracts paid a cheat");
}

/** The cheat locks a request and says nothing any more; the payer reports it when the lock is over. */
export async function fallSilent(
  { chain, protocol, people, gas }: World,
  { terms }: RiskyRequest,
): Promise<void> {
  const { inferenceMarket: market } = protocol;
  await (await market.connect(people.cheat).lock({ ...terms }, people.cheat)).wait();
  await chain.connection.ethers.provider.send("evm_increaseTime", [LOCK_SECONDS + 1]);
  await gas.spend("slash", market.connect(people.payer).expire({ ...terms }));
}

/** Nobody takes a request; the payer takes the money back when it has expired. */
export async function expireUnserved(
  { chain, protocol, people, gas }: World,
  { terms }: RiskyRequest,
): Promise<void> {
  await chain.connection.ethers.provider.send("evm_increaseTime", [3_601]);
  const expire = protocol.inferenceMarket.connect(people.payer).expire({ ...terms });
  await gas.spend("expire and refund", expire);
}
