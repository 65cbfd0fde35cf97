/**
 * Deploys the protocol to a network of `hardhat.config.ts` and writes its deployment file. An interrupted deployment goes
 * on where it stopped.
 *
 * Run: npm run deploy -- baseSepolia
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import hre from "hardhat";
import { deployProtocol } from "../deploy/deploy.ts";
import { encodeDeployment } from "../sdk/deployment.ts";
import { OpenGradientError } from "../sdk/errors.ts";
import { asCommand } from "./as-command.ts";

const DEPLOY = path.resolve(import.meta.dirname, "../deploy");

/** Networks that the protocol can be deployed to; each has a parameter file of its name. */
const NETWORKS = ["local", "baseSepolia", "base"];

async function deploy(network: string | undefined): Promise<string> {
  if (network === undefined || !NETWORKS.includes(network)) {
    throw new OpenGradientError(
      "CONFIG_INVALID",
      `"${network ?? ""}" is not a network that the protocol can be deployed to.`,
      `Name one of these: ${NETWORKS.join(", ")}.`,
    );
  }
  const connection = await hre.network.create(network);
  const parameters = path.join(DEPLOY, "parameters", `${network}.json5`);
  const { deployment, manager } = await deployProtocol(connection, { parameters });
  const file = path.join(DEPLOY, "deployments", `${network}.json`);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, encodeDeployment(deployment));
  await connection.close();
  return `Deployed. Access manager: ${manager}\nDeployment file: ${path.relative(".", file)}\n`;
}

await asCommand(async () => {
  process.stdout.write(await deploy(process.argv[2]));
});
