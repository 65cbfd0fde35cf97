import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { hexlify } from "ethers";
import type { Logger } from "pino";
import { knownInputSize, splitInputs } from "../../zkml/circuit/proof-form.ts";
import { commitmentTo } from "../../zkml/circuit/sealed-input.ts";
import { ZkmlError } from "../../zkml/errors.ts";
import type { ModelPackage } from "../../zkml/model/package.ts";
import type { FoundRequest } from "../jobs/job.ts";

/**
 * What the chain does not tell of private inputs: a folder with a file for each request, salts and inputs, named by the hash of
 * the commitments to them. Payers bring them by any way they like.
 */
export class Openings {
  readonly #folder: string | undefined;
  readonly #log: Logger;

  /** @param folder Without one, no request with a private input can be served. */
  constructor(folder: string | undefined, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  /** The opening of a request's private input; `undefined` if it is not here, or not what was asked about. */
  async find(request: FoundRequest, model: ModelPackage): Promise<Uint8Array | undefined> {
    const { form } = model.circuit;
    const opening = await this.#read(
      request.terms.inputHash,
      form.inferences * knownInputSize(form, model.graph),
    );
    if (opening !== undefined && opens(opening, request.input, model)) return opening;
    if (opening === undefined) return undefined;
    const { requestId } = request;
    this.#log.warn({ requestId }, "The opening in the folder is not that of the request's input.");
    return undefined;
  }

  async #read(inputHash: string, largest: number): Promise<Uint8Array | undefined> {
    if (this.#folder === undefined) return undefined;
    const file = path.join(this.#folder, inputHash);
    try {
      // Anybody may fill the folder.
      if ((await stat(file)).size > largest) return new Uint8Array();
      return new Uint8Array(await readFile(file));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }
}

function opens(opening: Uint8Array, input: Uint8Array, { circuit, graph }: ModelPackage): boolean {
  try {
    const parts = splitInputs(circuit.form, graph, opening);
    const commitments = parts.map((part) => hexlify(commitmentTo(part)).slice(2));
    return `0x${commitments.join("")}` === hexlify(input);
  } catch (error) {
    if (error instanceof ZkmlError) return false;
    throw error;
  }
}
