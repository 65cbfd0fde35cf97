/**
 * The whole story on one machine: a contract asks, a node runs the model, proves it and is paid; another asks a language
 * model in an enclave, whose attested key signs the answer. An app asks the node itself over HTTP, paid by voucher, and a verifier
 * checks what the node commits of it. A cheat is refused, and slashed when it falls silent.
 *
 * Run: npm start
 */
import path from "node:path";
import process from "node:process";
import { formatEther } from "ethers";
import type { PublishedModel } from "../../sdk/actions/publish-model.ts";
import type { Receipt } from "../../sdk/client/receipt.ts";
import { at } from "../../zkml/arrays.ts";
import type { Worker } from "../../worker/worker.ts";
import type { ModelPackage } from "../../zkml/model/package.ts";
import { testDigits } from "../models/digits/mnist.ts";
import { digitsPackage } from "../models/digits/package.ts";
import { readGasSnapshot } from "../gas/snapshot.ts";
import { startLocalChain } from "../local-chain.ts";
import { askDigit, type AskedDigit } from "./ask.ts";
import { drawDigit } from "./digit-art.ts";
import { simulatedRoot, startEnclave, trustEnclave, type StoryEnclave } from "./enclave.ts";
import {
  announceGateway,
  askDirectly,
  awaitBatch,
  awaitSettlement,
  openApp,
  startVerifying,
  type DirectQuestion,
} from "./direct.ts";
import {
  answerWithRetiredKey,
  askTrend,
  awaitAttestation,
  deployTrendReader,
  publishLanguage,
} from "./language.ts";
import { GasLedger } from "./ledger.ts";
import { askRiskily, cheat, expireUnserved, fallSilent, type Attempt } from "./misconduct.ts";
import { settleAccounts } from "./money.ts";
import { report } from "./report.ts";
import { step } from "./step.ts";
import {
  deployReader,
  deployWorld,
  fundPayer,
  publishDigits,
  registerNodes,
  startNode,
  type World,
} from "./world.ts";
import { asCommand } from "../as-command.ts";

const CACHE = path.resolve(import.meta.dirname, "../../.cache");
const MODEL_FOLDER = path.join(CACHE, "digits");
const LANGUAGE_FOLDER = path.resolve(import.meta.dirname, "../../worker/models/opg-tiny");

/** The root of this machine's simulated hardware. */
const HARDWARE_FOLDER = path.join(CACHE, "simulated-hardware");

/** MNIST test images that are asked for. */
const IMAGES = [0, 1, 2] as const;

async function tell(): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const model = await step("The digit classifier gets its keys", (onStep) =>
    digitsPackage({
      folder: MODEL_FOLDER,
      cacheFolder: path.join(CACHE, "powers-of-tau"),
      onStep,
    }),
  );
  const chain = await step("A chain with Base's rules comes up", () =>
    // What enclaves sign carries the time of their clock.
    startLocalChain({ keepsTime: true }),
  );
  resources.defer(() => chain.close());
  const gas = new GasLedger();
  const world = await step("The protocol is deployed", async () =>
    deployWorld(chain, gas, await simulatedRoot(HARDWARE_FOLDER)),
  );
  const published = await step("The digit classifier is published", () =>
    publishDigits(world, model),
  );
  await step("Two nodes register and stake: an honest one and a cheat", () => registerNodes(world));
  const language = await enclaveWithModel(world, resources);
  const worker = await step("The honest node starts its worker", () =>
    startNode(world, { digits: MODEL_FOLDER, language: LANGUAGE_FOLDER }, language.enclave),
  );
  resources.defer(() => worker.stop());
  const digits = await inferences(world, published, worker);
  await attestedAnswers(world, language, worker);
  const direct = await directAnswers(world, worker, resources);
  const refused = await retirement(world, language);
  const attempts = [refused, ...(await misconduct(world, published, model, digits))];
  await settlement(direct);
  const payments = await step("Everybody is paid", () => settleAccounts(world, published));
  const steady = await readGasSnapshot();
  say(report({ digits, attempts, payments, gas: gas.entries, steady }));
}

/** A language model in an enclave, and governance that trusts what runs there. */
interface EnclaveWithModel {
  readonly enclave: StoryEnclave;
  readonly modelId: string;
}

async function enclaveWithModel(
  world: World,
  resources: AsyncDisposableStack,
): Promise<EnclaveWithModel> {
  const modelId = await step("A language model is published", () =>
    publishLanguage(world, LANGUAGE_FOLDER),
  );
  const folders = { hardware: HARDWARE_FOLDER, model: LANGUAGE_FOLDER };
  const enclave = await step("A simulated enclave loads it", async (says) => {
    const started = await startEnclave(world, folders);
    says(`its hardware measures ${started.measurement.measurementId.slice(0, 18)}…`);
    return started;
  });
  resources.defer(enclave.stop);
  await step("Governance trusts this measurement, for this model", () =>
    trustEnclave(world, enclave, modelId),
  );
  return { enclave, modelId };
}

/** A contract asks the language model. */
async function attestedAnswers(
  world: World,
  { enclave, modelId }: EnclaveWithModel,
  worker: Worker,
): Promise<void> {
  await step("The enclave's key is attested", async (says) => {
    const gas = await awaitAttestation(world, enclave);
    says(`a whole Nitro document in one transaction, ${gas.toLocaleString("en")} gas`);
  });
  const reader = await step("A developer deploys a contract that asks where a price went", () =>
    deployTrendReader(world, modelId),
  );
  const asked = await step("The contract asks the language model", async (says) => {
    const result = await askTrend(world, reader, worker);
    says("it is answered, attested and paid");
    return result;
  });
  say(`  ${asked.question}\n  → ${asked.answer}`);
}

/** An app asks the node itself, over HTTP and with OpenAI's client, and pays by voucher; a verifier checks what is committed. */
async function directAnswers(
  world: World,
  worker: Worker,
  resources: AsyncDisposableStack,
): Promise<readonly DirectQuestion[]> {
  await step("The node says where it answers over HTTP", async (says) => {
    says(await announceGateway(world, worker));
  });
  const verifier = await step("A verifier stakes, and starts", () => startVerifying(world));
  resources.defer(() => verifier.stop());
  const receipts: Receipt[] = [];
  const client = await openApp(world, (receipt) => receipts.push(receipt));
  resources.defer(() => {
    client.close();
  });
  const asked = await step(
    "An app asks with OpenAI's client, and pays by voucher",
    async (says) => {
      const answers = await askDirectly(client, receipts);
      says("every receipt is checked before its answer is handed over");
      return answers;
    },
  );
  say(asked.map(told).join("\n"));
  await step("The receipts are committed, and the verifier stands for them", () =>
    awaitBatch(world, receipts),
  );
  return asked;
}

function told({ question, answer, receipt, totalMs }: DirectQuestion): string {
  return `  ${question}\n  → ${answer} (${formatEther(receipt.fee.total)} OPG, ${Math.round(totalMs)} ms)`;
}

/** The enclave's key is retired, and what it signs counts no more. */
function retirement(world: World, { enclave, modelId }: EnclaveWithModel): Promise<Attempt> {
  return step("The enclave's key is retired, and a receipt that it signs is refused", async () => {
    await fundPayer(world);
    return answerWithRetiredKey(world, enclave, modelId);
  });
}

/** Nobody has challenged the app's receipts: from now on any contract can rely on them. */
async function settlement([asked]: readonly DirectQuestion[]): Promise<void> {
  if (asked === undefined) throw new Error("nothing was asked directly");
  await step("The challenge window is over, and the batch is final", async (says) => {
    const { index, path: siblings } = await awaitSettlement(asked.receipt);
    says(`receipt ${index} is proved by ${siblings.length} hashes`);
  });
}

/** Honest work: a contract asks for digits, and a worker serves it. */
async function inferences(
  world: World,
  published: PublishedModel,
  worker: Worker,
): Promise<AskedDigit[]> {
  const reader = await step("A developer deploys a contract that reads digits", () =>
    deployReader(world, published),
  );
  const { images, labels } = await testDigits();
  const digits: AskedDigit[] = [];
  for (const index of IMAGES) {
    const asked = await step(`The contract asks for test image ${index}`, async (answer) => {
      const result = await askDigit(world, reader, worker, at(images, index));
      answer(`it is told ${result.digit}, proved and paid (MNIST says ${at(labels, index)})`);
      return result;
    });
    say(drawDigit(at(images, index)));
    digits.push(asked);
  }
  return digits;
}

/** What happens to those who do not work honestly, and to requests that nobody wants. */
async function misconduct(
  world: World,
  published: PublishedModel,
  model: ModelPackage,
  digits: readonly AskedDigit[],
): Promise<readonly Attempt[]> {
  const image = at((await testDigits()).images, 0);
  const truth = at(digits, 0).digit;
  const risky = await step("Somebody wants more collateral than the honest node risks", () =>
    askRiskily(world, published, { image, salt: 1 }),
  );
  const attempts = await step("The cheat is refused, twice", () =>
    cheat(world, published, model, { ...risky, image, truth }),
  );
  await step("The cheat locks the request, falls silent, and is slashed", () =>
    fallSilent(world, risky),
  );
  const unwanted = await step("Somebody asks what nobody takes", () =>
    askRiskily(world, published, { image, salt: 2 }),
  );
  await step("The request expires and is refunded", () => expireUnserved(world, unwanted));
  return attempts;
}

function say(text: string): void {
  process.stdout.write(`\n${text}\n\n`);
}

await asCommand(tell);
