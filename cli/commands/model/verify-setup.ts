import { Command } from "commander";
import { ZkmlError } from "../../../zkml/errors.ts";
import { publishedTauUrl } from "../../../zkml/setup/published-tau.ts";
import type { PowersOfTau } from "../../../zkml/setup/tau-file.ts";
import { verifyOrigin, verifyTranscript } from "../../../zkml/setup/verify-package.ts";
import { ceremonyLines } from "../../ceremony.ts";
import { print } from "../../output.ts";
import { withProverThreads } from "../../prover-threads.ts";

interface Options {
  readonly powersOfTau?: string;
}

export function verifySetupCommand(): Command {
  return new Command("verify-setup")
    .description("Show who took part in making a package's keys, and check that they were so made")
    .argument("<folder>", "package")
    .option("--powers-of-tau <file>", ".ptau file that the keys were made from")
    .action((folder: string, { powersOfTau }: Options) =>
      withProverThreads(() => verify(folder, powersOfTau)),
    );
}

async function verify(folder: string, file: string | undefined): Promise<void> {
  const { ceremony, transcriptHash, contentHash } = await verifyTranscript(folder);
  print(
    ...ceremonyLines(ceremony),
    `transcript   ${transcriptHash}`,
    `content hash ${contentHash}`,
  );
  if (file === undefined) throw unchecked(ceremony.powersOfTau);
  await verifyOrigin(folder, file);
  print(
    "The keys were made from this circuit and these Powers of Tau, by these contributions only.",
  );
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
