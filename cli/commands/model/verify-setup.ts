import { Command } from "commander";
import { hexlify } from "ethers";
import { requireRegistered } from "../../../sdk/actions/require-registered.ts";
import { openChain } from "../../../sdk/chain.ts";
import { readDeployment } from "../../../sdk/deployment.ts";
import { ZkmlError } from "../../../zkml/errors.ts";
import { encodeKeyDelta, encodeKeySetup } from "../../../zkml/prove/encoding.ts";
import { publishedTauUrl } from "../../../zkml/setup/published-tau.ts";
import type { PowersOfTau } from "../../../zkml/setup/tau-file.ts";
import {
  verifyOrigin,
  verifyTranscript,
  type TranscribedSetup,
} from "../../../zkml/setup/verify-package.ts";
import { bytes32 } from "../../arguments.ts";
import { ceremonyLines } from "../../ceremony.ts";
import { withJsonOption } from "../../json-option.ts";
import { print, printResult } from "../../output.ts";
import { withProverThreads } from "../../prover-threads.ts";

interface Options {
  readonly powersOfTau?: string;
  readonly model?: string;
  readonly rpc?: string;
  readonly deployment?: string;
  readonly json: boolean;
}

export function verifySetupCommand(): Command {
  const command = new Command("verify-setup")
    .description("Show who took part in making a package's keys, and check that they were so made")
    .argument("<folder>", "package")
    .option("--powers-of-tau <file>", ".ptau file that the keys were made from")
    .option("--model <id>", "check that this model is registered with these keys", bytes32)
    .option("--rpc <url>", "with --model: JSON-RPC node of the deployment's chain")
    .option("--deployment <file>", "with --model: deployment file");
  return withJsonOption(command).action(async (folder: string, options: Options) => {
    const registration = registrationOf(options, command);
    const report = options.json ? () => undefined : print;
    const setup = await withProverThreads(() =>
      verify(folder, { file: options.powersOfTau, registration, report }),
    );
    const { ceremony, transcriptHash, contentHash } = setup;
    printResult(options.json, {
      object: {
        ...{ ceremony, transcriptHash, contentHash },
        // Only if it was asked for: it fails otherwise.
        ...(registration !== undefined && { isRegistered: true }),
      },
      lines: [
        "The keys were made from this circuit and these Powers of Tau, by these contributions only.",
      ],
    });
  });
}

/** Where to look whether the keys are a registered model's. */
interface Registration {
  readonly model: string;
  readonly rpc: string;
  readonly deployment: string;
}

function registrationOf(
  { model, rpc, deployment }: Options,
  command: Command,
): Registration | undefined {
  if (model === undefined) return undefined;
  if (rpc !== undefined && deployment !== undefined) return { model, rpc, deployment };
  return command.error("error: --model takes --rpc and --deployment too");
}

interface Verification {
  readonly file: string | undefined;
  readonly registration: Registration | undefined;
  readonly report: (...lines: string[]) => void;
}

/** Reports as it goes: what is known is shown also where the next check fails. */
async function verify(
  folder: string,
  { file, registration, report }: Verification,
): Promise<TranscribedSetup> {
  const setup = await verifyTranscript(folder);
  const { ceremony, transcriptHash, contentHash } = setup;
  report(
    ...ceremonyLines(ceremony),
    `transcript   ${transcriptHash}`,
    `content hash ${contentHash}`,
  );
  if (registration !== undefined) {
    await verifyRegistration(setup, registration);
    report("The model is registered with this transcript and these keys.");
  }
  if (file === undefined) throw unchecked(ceremony.powersOfTau);
  await verifyOrigin(folder, file);
  return setup;
}

async function verifyRegistration(
  { contentHash, verificationKey }: TranscribedSetup,
  { model, rpc, deployment: file }: Registration,
): Promise<void> {
  const deployment = await readDeployment(file);
  const provider = await openChain({ rpcUrl: rpc, deployment });
  try {
    await requireRegistered(deployment, provider, model, {
      contentHash,
      keySetup: hexlify(encodeKeySetup(verificationKey)),
      keyDelta: hexlify(encodeKeyDelta(verificationKey)),
    });
  } finally {
    provider.destroy();
  }
}

/** Without the file, all that is known is that the files of the package tell the same story. */
function unchecked({ origin, power }: PowersOfTau): ZkmlError {
  return new ZkmlError(
    "SETUP_UNCHECKED",
    "Whether the keys were really made like this was not checked: that takes the Powers of Tau file.",
    origin === "public"
      ? `Fetch ${publishedTauUrl(power)} and name it with --powers-of-tau.`
      : "Name the development file that the keys were made from with --powers-of-tau.",
  );
}
