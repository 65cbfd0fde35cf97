/**
 * Deploys the protocol to a network of `hardhat.config.ts` and writes its deployment file. An interrupted deployment goes
 * on where it stopped, but on a chain of this machine, which is gone tomorrow.
 *
 * Run: npm run deploy -- baseSepolia
 *
 * `--simulated-enclaves FOLDER`, never on Base, has simulated enclaves taken whose hardware is in that folder. It shows nothing.
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { keccak256 } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { deployProtocol } from "../deploy/deploy.ts";
import { encodeDeployment } from "../sdk/deployment.ts";
import { OpenGradientError } from "../sdk/errors.ts";
import { openEnclaveRoot } from "../worker/enclave/simulated-nsm/hierarchy.ts";
import { asCommand } from "./as-command.ts";

const DEPLOY = path.resolve(import.meta.dirname, "../deploy");

/** Networks that the protocol can be deployed to; each has a parameter file of its name. */
const NETWORKS = ["local", "baseSepolia", "base"];

interface Arguments {
  readonly network: string;
  /** Folder of simulated hardware that is to be trusted. */
  readonly simulatedEnclaves?: string;
}

async function deploy({ network, simulatedEnclaves }: Arguments): Promise<string> {
  const simulatedRoot =
    simulatedEnclaves === undefined
      ? undefined
      : keccak256(await openEnclaveRoot(simulatedEnclaves));
  const connection = await connect(network);
  const { deployment, manager } = await deployProtocol(connection, {
    parameters: path.join(DEPLOY, "parameters", `${network}.json5`),
    keepJournal: network !== "local",
    ...(simulatedRoot !== undefined && { simulatedRoot }),
  });
  const file = path.join(DEPLOY, "deployments", `${network}.json`);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, encodeDeployment(deployment));
  await connection.close();
  return `Deployed. Access manager: ${manager}\nDeployment file: ${path.relative(".", file)}\n`;
}

/** @throws OpenGradientError `CONFIG_INVALID` without the environment's variables, or `RPC_UNREACHABLE`. */
async function connect(network: string): Promise<NetworkConnection> {
  try {
    const connection = await hre.network.create(network);
    await connection.ethers.provider.getBlockNumber();
    return connection;
  } catch (cause) {
    const [message = ""] = cause instanceof Error ? cause.message.split("\n") : [String(cause)];
    const isLocal = network === "local";
    throw new OpenGradientError(
      message.includes("Configuration Variable") ? "CONFIG_INVALID" : "RPC_UNREACHABLE",
      `The network "${network}" cannot be reached: ${message}`,
      isLocal
        ? "Start a chain on this machine: npm run chain."
        : "Set its URL and the deployer's key in the environment (see docs/deploy.md).",
      { cause },
    );
  }
}

/** @throws OpenGradientError `CONFIG_INVALID`. */
function readArguments(): Arguments {
  const { positionals, values } = parse();
  const [network = "", ...others] = positionals;
  if (!NETWORKS.includes(network) || others.length > 0)
    throw misuse(
      `"${positionals.join(" ")}" is not a network that the protocol can be deployed to`,
    );
  const folder = values["simulated-enclaves"];
  if (network === "base" && folder !== undefined) throw misuse("Base takes no simulated enclaves");
  return { network, ...(folder !== undefined && { simulatedEnclaves: folder }) };
}

function parse() {
  const options = { "simulated-enclaves": { type: "string" } } as const;
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (cause) {
    throw misuse(cause instanceof Error ? (cause.message.split(". ")[0] ?? "") : String(cause));
  }
}

function misuse(what: string): OpenGradientError {
  const hint = `Name one of ${NETWORKS.join(", ")}; on the first two, --simulated-enclaves FOLDER may follow.`;
  return new OpenGradientError("CONFIG_INVALID", `${what}.`, hint);
}

await asCommand(async () => {
  process.stdout.write(await deploy(readArguments()));
});
