import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { hexlify, MaxUint256, parseEther } from "ethers";
import { pino } from "pino";
import { deployProtocol, LOCAL_PARAMETERS } from "../../deploy/deploy.ts";
import { publishModel, type PublishedModel } from "../../sdk/actions/publish-model.ts";
import { registerNode } from "../../sdk/actions/register-node.ts";
import { encodeDeployment, type Deployment } from "../../sdk/deployment.ts";
import { signPermit } from "../../sdk/permit.ts";
import { connectProtocol, type Protocol } from "../../sdk/protocol.ts";
import { DigitReader__factory, type DigitReader } from "../../typechain-types/index.js";
import { readWorkerConfig, type WorkerConfigFile } from "../../worker/config.ts";
import { startWorker, type Worker } from "../../worker/worker.ts";
import type { ModelPackage } from "../../zkml/model/package.ts";
import { encodeKeyDelta, encodeKeySetup } from "../../zkml/prove/encoding.ts";
import { developmentAccount, type LocalChain } from "../local-chain.ts";
import type { StoryEnclave } from "./enclave.ts";
import type { GasLedger } from "./ledger.ts";
import { meetPeople, positionOf, type People } from "./people.ts";

/** The protocol on its chain, and the people who use it. */
export interface World {
  readonly chain: LocalChain;
  readonly deployment: Deployment;
  /** Contracts called by the governor. */
  readonly protocol: Protocol;
  readonly people: People;
  readonly gas: GasLedger;
}

/** What the honest node wants at least, and what it risks at most, in OPG: other requests are left to others. */
const NODE_TERMS = { minimumFee: "1", maximumCollateral: "50" } as const;

/** What the node takes for an answer over HTTP, in OPG, and when it commits its receipts. */
const PRICE = { answer: "0.01", millionInput: "100", millionOutput: "400" } as const;
const BATCH = { seconds: 2 } as const;

/** OPG that an operator stakes. */
const STAKE = parseEther("5000");

/** OPG that everybody starts with. */
const ENDOWMENT = parseEther("100000");

/**
 * Deploys the protocol and hands OPG to everybody.
 *
 * @param simulatedRoot keccak256 of the root under which this machine's simulated enclaves are attested.
 */
export async function deployWorld(
  chain: LocalChain,
  gas: GasLedger,
  simulatedRoot: string,
): Promise<World> {
  const { deployment } = await deployProtocol(chain.connection, {
    parameters: LOCAL_PARAMETERS,
    simulatedRoot,
    keepJournal: false,
  });
  const people = await meetPeople(chain.connection);
  const protocol = connectProtocol(deployment, people.governor);
  for (const person of Object.values(people)) {
    if (person !== people.governor) await protocol.opg.transfer(person, ENDOWMENT);
  }
  return { chain, deployment, protocol, people, gas };
}

/** Publishes the digit classifier with a royalty of 1 OPG. */
export function publishDigits(world: World, model: ModelPackage): Promise<PublishedModel> {
  const { deployment, people, gas } = world;
  const { verificationKey } = model.keys;
  const publication = {
    contentHash: model.contentHash,
    keySetup: hexlify(encodeKeySetup(verificationKey)),
    keyDelta: hexlify(encodeKeyDelta(verificationKey)),
    inputSize: model.manifest.inputSize,
    outputSize: model.manifest.outputSize,
    inferences: model.manifest.inferences,
    uri: "https://models.example/digits",
    computeUnits: 100,
    royalty: parseEther("1"),
  };
  return publishModel(deployment, people.publisher, publication, (step, { gasUsed }) => {
    gas.note(step, gasUsed);
  });
}

/** Registers the honest node and the cheat, each with stake. */
export async function registerNodes({ deployment, people, gas }: World): Promise<void> {
  const { operator, nodeSigner, cheat } = people;
  for (const [node, signer] of [
    [cheat, cheat],
    [operator, nodeSigner],
  ] as const) {
    const registration = {
      roles: ["Inference"] as const,
      signer: signer.address,
      endpoint: "https://node.example",
      stake: STAKE,
    };
    await registerNode(deployment, node, registration, (step, { gasUsed }) => {
      gas.note(step, gasUsed);
    });
  }
}

/** A developer deploys a contract that asks for digits, and gives it a balance to ask with. */
export async function deployReader(
  { protocol, people, gas }: World,
  { modelId }: PublishedModel,
): Promise<DigitReader> {
  const { opg, feeEscrow, inferenceMarket } = protocol;
  const { developer } = people;
  const reader = await new DigitReader__factory(developer).deploy(inferenceMarket, modelId);
  await reader.waitForDeployment();
  await opg.connect(developer).approve(feeEscrow, MaxUint256);
  for (const amount of [parseEther("90"), parseEther("10")]) {
    await gas.spend("deposit", feeEscrow.connect(developer).deposit(reader, amount));
  }
  return reader;
}

/** Somebody pays in with a signature instead of an approval, and lets the market lock fees. */
export async function fundPayer(world: World): Promise<void> {
  const { chain, deployment, protocol, people, gas } = world;
  const { payer } = people;
  const now = (await chain.connection.ethers.provider.getBlock("latest"))?.timestamp ?? 0;
  const deadline = BigInt(now + 3_600);
  const escrow = protocol.feeEscrow.connect(payer);
  for (const value of [parseEther("15"), parseEther("5")]) {
    const permission = { spender: escrow, value, deadline };
    const { v, r, s } = await signPermit(deployment, payer, permission);
    const deposit = escrow.depositWithPermit(payer, value, deadline, v, r, s);
    await gas.spend("deposit with permit", deposit);
  }
  await (await escrow.authorizeLocker(protocol.inferenceMarket)).wait();
}

/** The reference worker, started from files as an operator would, with an enclave that runs already. */
export async function startNode(
  { chain, deployment, people }: World,
  { digits, language }: { readonly digits: string; readonly language: string },
  { process: enclave }: StoryEnclave,
): Promise<Worker> {
  const folder = await mkdtemp(path.join(tmpdir(), "opengradient-node-"));
  await mkdir(folder, { recursive: true });
  const key = developmentAccount(positionOf("nodeSigner")).privateKey;
  await writeFile(path.join(folder, "node.key"), key, { mode: 0o600 });
  await writeFile(path.join(folder, "deployment.json"), encodeDeployment(deployment));
  await writeFile(path.join(folder, "enclave.token"), enclave.accessToken, { mode: 0o600 });
  const config: WorkerConfigFile = {
    rpcUrl: chain.rpcUrl,
    deployment: "deployment.json",
    keyFile: "node.key",
    operator: people.operator.address,
    dataFolder: "data",
    models: [digits, language].map((model) => ({
      folder: model,
      publisher: people.publisher.address,
    })),
    enclave: {
      attestor: "simulated",
      url: enclave.url,
      tlsKeyHash: enclave.tlsKeyHash,
      accessTokenFile: "enclave.token",
    },
    ...NODE_TERMS,
    direct: { offers: [{ folder: language, tier: "Attested", price: PRICE }], batch: BATCH },
    gateway: { port: 0 },
    confirmations: 1,
    pollingIntervalMs: 100,
  };
  const file = path.join(folder, "worker.json");
  await writeFile(file, JSON.stringify(config));
  const worker = await startWorker(await readWorkerConfig(file), {
    log: pino({ level: "silent" }),
  });
  const stop = async () => {
    await worker.stop();
    await rm(folder, { recursive: true });
  };
  return { ...worker, stop };
}
