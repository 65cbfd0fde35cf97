import { setTimeout as sleep } from "node:timers/promises";
import { hexlify, MaxUint256, parseEther, toUtf8String, ZeroAddress } from "ethers";
import { publishLanguageModel } from "../../sdk/actions/publish-language-model.ts";
import { canonicalRequest } from "../../sdk/chat-request.ts";
import { readLanguageModel } from "../../sdk/language-model.ts";
import { encodeAttestedEvidence } from "../../sdk/receipt.ts";
import { termsOf } from "../../sdk/request.ts";
import { describeRevert } from "../../sdk/reverts.ts";
import { TIERS } from "../../sdk/tiers.ts";
import { TrendReader__factory, type TrendReader } from "../../typechain-types/index.js";
import type { Worker } from "../../worker/worker.ts";
import { ended } from "./ask.ts";
import type { StoryEnclave } from "./enclave.ts";
import type { Attempt } from "./misconduct.ts";
import type { World } from "./world.ts";

/** What a question pays, and what a node puts at risk for it. */
const FEE = parseEther("6");
const COLLATERAL = parseEther("50");

/** Publishes a language model, without royalty; gives its id. */
export async function publishLanguage(
  { deployment, people, gas }: World,
  folder: string,
): Promise<string> {
  const { contentHash } = await readLanguageModel(folder);
  const offer = {
    contentHash,
    uri: "https://models.example/tiny",
    computeUnits: 10_000,
    royalty: 0n,
  };
  return publishLanguageModel(deployment, people.publisher, offer, (step, { gasUsed }) => {
    gas.note(step, gasUsed);
  });
}

/** A developer deploys a contract that asks where a price went, and gives it a balance to ask with. */
export async function deployTrendReader(
  { protocol, people }: World,
  modelId: string,
): Promise<TrendReader> {
  const { opg, feeEscrow, inferenceMarket } = protocol;
  const { developer } = people;
  const factory = new TrendReader__factory(developer);
  const reader = await factory.deploy(inferenceMarket, modelId, TIERS.Attested);
  await reader.waitForDeployment();
  await opg.connect(developer).approve(feeEscrow, MaxUint256);
  await (await feeEscrow.connect(developer).deposit(reader, FEE)).wait();
  return reader;
}

/** What a language model answered to a contract. */
export interface AskedTrend {
  /** The contract's question, as the model got it. */
  readonly question: string;
  readonly answer: string;
}

/** Asks the language model through a contract, and waits until the contract was told. */
export async function askTrend(
  { protocol, people, gas }: World,
  reader: TrendReader,
  worker: Worker,
): Promise<AskedTrend> {
  const { inferenceMarket: market } = protocol;
  await (await reader.connect(people.developer).ask(80, 99, FEE, COLLATERAL)).wait();
  const event = (await market.queryFilter(market.filters.InferenceRequested())).at(-1);
  if (event === undefined) throw new Error("nothing was asked");
  const { requestId, input } = event.args;
  await ended(worker, requestId);
  const [told] = await reader.queryFilter(reader.filters.TrendRead(requestId));
  const answer = (await worker.jobs.get(requestId))?.answer;
  if (told === undefined || answer === undefined) throw new Error("the contract was not told");
  const receipt = await told.getTransactionReceipt();
  gas.note("fulfil attested, with callback", receipt.gasUsed);
  return { question: toUtf8String(input), answer: toUtf8String(answer.output) };
}

/** Waits until the enclave's key is attested on chain, and notes what that took. */
export async function awaitAttestation(
  { protocol, gas }: World,
  { client }: StoryEnclave,
): Promise<bigint> {
  const { enclaveRegistry } = protocol;
  for (;;) {
    const filter = enclaveRegistry.filters.EnclaveAttested(client.identity.address);
    const [event] = await enclaveRegistry.queryFilter(filter);
    if (event === undefined) {
      await sleep(100);
      continue;
    }
    const { gasUsed } = await event.getTransactionReceipt();
    gas.note("register enclave, sim", gasUsed);
    return gasUsed;
  }
}

/** The operator ends the enclave's key. What it signs from then on, nobody is paid for. */
export async function answerWithRetiredKey(
  world: World,
  enclave: StoryEnclave,
  modelId: string,
): Promise<Attempt> {
  const { protocol, people, deployment } = world;
  const { operator, publisher } = people;
  const { enclaveRegistry, inferenceMarket: market } = protocol;
  const { client } = enclave;
  await (await enclaveRegistry.connect(operator).retire(client.identity.address)).wait();
  // The key counts until the second in which it was retired.
  await sleep(1_100);
  const { requestId, terms, input } = await askForLater(world, modelId);
  const said = await client.infer({
    settlement: { chainId: deployment.chainId, settledBy: deployment.addresses.inferenceMarket },
    claim: {
      modelId,
      requestId,
      node: operator.address,
      publisher: publisher.address,
    },
    payer: terms.payer,
    fee: terms.maxFee,
    notBefore: 0n,
    input,
  });
  await sleep(1_100);
  try {
    const evidence = encodeAttestedEvidence(said);
    await market.connect(operator).fulfil({ ...terms }, operator, hexlify(said.output), evidence);
  } catch (error) {
    const what = "brings a receipt that an enclave's key signed after it was retired";
    return { what, refusal: describeRevert(error) ?? String(error) };
  }
  throw new Error("the contracts paid for a retired key");
}

/** A person asks, without collateral. */
async function askForLater({ chain, protocol, people }: World, modelId: string) {
  const { inferenceMarket: market } = protocol;
  const now = (await chain.connection.ethers.provider.getBlock("latest"))?.timestamp ?? 0;
  const input = canonicalRequest({
    messages: [{ role: "user", content: "What is 3 plus 4?" }],
    max_tokens: 16,
    seed: 0,
    temperature: 0,
  });
  const parameters = {
    modelId,
    tier: TIERS.Attested,
    consumer: ZeroAddress,
    callbackGas: 0,
    maxFee: parseEther("2"),
    collateral: 0,
    rampSeconds: 0,
    expiry: now + 3_600,
    lockSeconds: 600,
    salt: 3,
  };
  await (await market.connect(people.payer).request(parameters, hexlify(input))).wait();
  const event = (await market.queryFilter(market.filters.InferenceRequested())).at(-1);
  if (event === undefined) throw new Error("nothing was asked");
  return { requestId: event.args.requestId, terms: termsOf(event.args.request), input };
}
