import process from "node:process";
import { Command } from "commander";
import { parseVerificationKey, readVerifiable } from "../../../zkml/model/package.ts";
import { isFolder, readInputFile } from "../../files.ts";
import { withJsonOption } from "../../json-option.ts";
import { printResult } from "../../output.ts";
import { checkProof, type CheckingKey, type ProofCheck } from "../../proofs/check-proof.ts";
import { readProofFile } from "../../proofs/proof-file.ts";

/** Exit code of a proof that was checked and does not hold; 1 says that it could not be checked. */
const DOES_NOT_HOLD = 2;

interface Options {
  readonly key: string;
  readonly json: boolean;
}

export function verifyCommand(): Command {
  const command = new Command("verify")
    .description("Check a proof file as the contracts do; exit code 0 if it holds, 2 if not")
    .argument("<proof>", "file that opg model prove wrote")
    .requiredOption("--key <file>", "verification key, or the model's package");
  return withJsonOption(command).action(async (file: string, { key, json }: Options) => {
    const proof = await readProofFile(file);
    const checks = checkProof(proof, await readKey(key));
    const holds = checks.every((check) => check.holds);
    const { claim, output } = proof;
    printResult(json, {
      object: { holds, checks, claim: { ...claim, chainId: claim.chainId.toString() }, output },
      lines: [...checks.map(checkLine), verdict(holds)],
    });
    if (!holds) process.exitCode = DOES_NOT_HOLD;
  });
}

async function readKey(path: string): Promise<CheckingKey> {
  if (await isFolder(path)) return readVerifiable(path);
  return { verificationKey: parseVerificationKey(await readInputFile(path)) };
}

function checkLine({ check, holds, detail }: ProofCheck): string {
  return `${holds ? "yes" : "NO "}  ${check}\n     ${detail}`;
}

function verdict(holds: boolean): string {
  return holds ? "The proof holds." : "The proof does NOT hold.";
}
