import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MaxUint256, parseEther, Wallet } from "ethers";
import OpenAI from "openai";
import { pino } from "pino";
import { registerNode } from "../../sdk/actions/register-node.ts";
import { createClient, type Client } from "../../sdk/client/client.ts";
import { createPayments } from "../../sdk/client/payments.ts";
import type { InclusionProof } from "../../sdk/client/inclusion.ts";
import type { Receipt } from "../../sdk/client/receipt.ts";
import { encodeDeployment } from "../../sdk/deployment.ts";
import { roleSet } from "../../sdk/tiers.ts";
import { readVerifierConfig, type VerifierConfigFile } from "../../worker/verifier/config.ts";
import { startVerifier, type VerifierNode } from "../../worker/verifier/start-verifier.ts";
import type { Worker } from "../../worker/worker.ts";
import { developmentAccount } from "../local-chain.ts";
import { positionOf } from "./people.ts";
import type { World } from "./world.ts";

/** What a verifier stakes, and what node and verifier keep for pots and bonds. */
const VERIFIER_STAKE = parseEther("2000");
const ON_ACCOUNT = parseEther("50");

/** How long the chain is waited for. */
const PATIENCE_MS = 60_000;

/** What people ask the language model. */
const QUESTIONS = [
  "The price was 80 and is now 99. Did it rise or fall?",
  "The price was 99 and is now 80. Did it rise or fall?",
  "What is 3 plus 4?",
] as const;

/** The operator says where its node is reached, and keeps OPG for the verifiers' share of fees. */
export async function announceGateway(world: World, worker: Worker): Promise<string> {
  const { protocol, people } = world;
  const { operator, nodeSigner } = people;
  const endpoint = worker.gatewayUrl ?? "";
  const roles = roleSet("Inference");
  const said = { roles, signer: nodeSigner.address, endpoint };
  await (await protocol.nodeRegistry.connect(operator).update(said)).wait();
  await openAccount(world, "operator");
  return endpoint;
}

/** Pays OPG into an account of the escrow, and lets the ledger of receipts lock it. */
async function openAccount({ protocol, people }: World, name: "operator" | "verifierSigner") {
  const { opg, feeEscrow, receiptLedger } = protocol;
  const account = people[name];
  await (await opg.connect(account).approve(feeEscrow, MaxUint256)).wait();
  await (await feeEscrow.connect(account).deposit(account, ON_ACCOUNT)).wait();
  await (await feeEscrow.connect(account).authorizeLocker(receiptLedger)).wait();
}

/** A verifier registers, and its node starts: it follows batches, and checks every receipt in them. */
export async function startVerifying(world: World): Promise<VerifierNode> {
  const { chain, deployment, people } = world;
  const { verifier, verifierSigner } = people;
  const registration = {
    roles: ["Verifier"] as const,
    signer: verifierSigner.address,
    endpoint: "",
    stake: VERIFIER_STAKE,
  };
  await registerNode(deployment, verifier, registration);
  await openAccount(world, "verifierSigner");
  const folder = await mkdtemp(path.join(tmpdir(), "opengradient-verifier-"));
  const { privateKey } = developmentAccount(positionOf("verifierSigner"));
  await writeFile(path.join(folder, "verifier.key"), privateKey, { mode: 0o600 });
  await writeFile(path.join(folder, "deployment.json"), encodeDeployment(deployment));
  const config: VerifierConfigFile = {
    rpcUrl: chain.rpcUrl,
    deployment: "deployment.json",
    keyFile: "verifier.key",
    operator: verifier.address,
    dataFolder: "data",
    nodes: { privateAddresses: true },
    confirmations: 1,
    pollingIntervalMs: 100,
  };
  const file = path.join(folder, "verifier.json");
  await writeFile(file, JSON.stringify(config));
  const node = await startVerifier(await readVerifierConfig(file), {
    log: pino({ level: "silent" }),
  });
  const stop = async () => {
    await node.stop();
    await rm(folder, { recursive: true });
  };
  return { ...node, stop };
}

/** A question that was asked over HTTP. */
export interface DirectQuestion {
  readonly question: string;
  readonly answer: string;
  readonly receipt: Receipt;
  /** Until the whole answer was there and its receipt was checked. */
  readonly totalMs: number;
}

/** An app without ETH: it signs vouchers, and believes nothing that a receipt does not show. */
export async function openApp(
  { chain, deployment }: World,
  onReceipt: (receipt: Receipt) => void,
): Promise<Client> {
  const wallet = new Wallet(developmentAccount(positionOf("app")).privateKey);
  const limits = { perRequest: parseEther("1"), perSession: parseEther("5") };
  const payment = createPayments({ wallet, deployment, limits });
  const common = { rpcUrl: chain.rpcUrl, deployment, payment };
  return createClient({ ...common, tier: "Attested", onReceipt });
}

/** Asks with OpenAI's own client, whose every answer is verified before it is handed over. */
export async function askDirectly(
  client: Client,
  receipts: readonly Receipt[],
): Promise<readonly DirectQuestion[]> {
  const ai = new OpenAI({ baseURL: client.baseURL, fetch: client.fetch, apiKey: "none" });
  const asked: DirectQuestion[] = [];
  for (const question of QUESTIONS) {
    const start = performance.now();
    const { choices } = await ai.chat.completions.create({
      model: "opg-tiny",
      messages: [{ role: "user", content: question }],
      max_completion_tokens: 16,
      temperature: 0,
    });
    const totalMs = performance.now() - start;
    const receipt = receipts.at(-1);
    if (receipt === undefined) throw new Error("an answer came without a receipt");
    asked.push({ question, answer: choices[0]?.message.content ?? "", receipt, totalMs });
  }
  return asked;
}

/** Waits until receipts are in a batch on chain that a verifier stands for; notes what committing took. */
export async function awaitBatch(
  { protocol, gas }: World,
  receipts: readonly Receipt[],
): Promise<void> {
  const { receiptLedger: ledger } = protocol;
  for (const receipt of receipts) {
    const { batchId } = await eventually(() => receipt.proveInclusion());
    const attested = ledger.filters.BatchAttested(batchId);
    await eventually(async () => first(await ledger.queryFilter(attested)));
    const committed = first(await ledger.queryFilter(ledger.filters.BatchCommitted(batchId)));
    const { gasUsed } = await committed.getTransactionReceipt();
    gas.note("commit batch", gasUsed);
  }
}

/** Waits until the ledger vouches for a receipt towards any contract. */
export async function awaitSettlement(receipt: Receipt): Promise<InclusionProof> {
  return eventually(async () => {
    const proof = await receipt.proveInclusion();
    if (!proof.isSettled) throw new Error("the batch is not final");
    return proof;
  });
}

function first<T>(found: readonly T[]): T {
  const [event] = found;
  if (event === undefined) throw new Error("nothing of the kind happened");
  return event;
}

/** Tries until it works, or for too long. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(200);
    }
  }
}
