import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { NO_REQUEST, type ProofRequest } from "../prove/prover.ts";
import { stopProverThreads } from "../prove/threads.ts";
import { lower } from "../network/lower.ts";
import { runNetwork } from "../network/network.ts";
import { decodeOnnx } from "../onnx/decode.ts";
import { seededRandom } from "../random.ts";
import { perceptronFile } from "../testing/networks.ts";
import { checkNetwork, type Chain } from "./check-network.ts";
import type { NetworkResult } from "./result.ts";

const CACHE = path.resolve(import.meta.dirname, "../../.cache/powers-of-tau");
const INPUT = [1, 20, 3, 250];
const PARTS = { origin: `0x${"03".repeat(32)}`, key: `0x${"04".repeat(20)}` };

function requestOf(input: Uint8Array): Promise<ProofRequest> {
  return Promise.resolve({ input, context: NO_REQUEST, parts: PARTS });
}

describe("a network of a corpus", () => {
  let folder: string;
  let network: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "check-network-"));
    network = path.join(folder, "small");
    const onnx = perceptronFile([4, 3, 2], seededRandom(5));
    const data = runNetwork(lower(decodeOnnx(onnx)), INPUT).outputs.flat();
    await mkdir(network);
    await writeFile(path.join(network, "network.onnx"), onnx);
    await writeFile(path.join(network, "input.json"), JSON.stringify({ input_data: [INPUT] }));
    const expected = { outputs: [{ dims: [1, data.length], data }] };
    await writeFile(path.join(network, "expected.json"), JSON.stringify(expected));
  });

  after(async () => {
    await stopProverThreads();
    await rm(folder, { recursive: true });
  });

  /** What is known in the end, and how often the chain was closed. */
  async function check(answers: Partial<Chain>) {
    const work = await mkdtemp(path.join(folder, "work-"));
    let result: NetworkResult | undefined;
    let closed = 0;
    const close = () => {
      closed++;
      return Promise.resolve();
    };
    const accepts = () => Promise.resolve(true);
    const chain: Chain = {
      request: (_, input) => requestOf(input),
      accepts,
      close,
      ...answers,
    };
    const openChain = () => Promise.resolve(chain);
    await checkNetwork(network, (known) => (result = known), { work, cache: CACHE, openChain });
    return { ...result, closed };
  }

  it("is verified if the chain takes the proof and it holds off chain", async () => {
    expect(await check({})).to.include({ witness: true, verified: true, closed: 1 });
  });

  it("is not verified if the chain refuses a proof that holds off chain", async () => {
    const result = await check({ accepts: () => Promise.resolve(false) });
    expect(result).to.include({ witness: true, verified: false, closed: 1 });
    expect(result.error).to.equal(undefined);
  });

  it("is not verified by a chain that takes what does not hold off chain", async () => {
    const accepts: Chain["accepts"] = (_, { output }) => {
      // The answer is another one from here on.
      output.set([(output[0] ?? 0) ^ 1]);
      return Promise.resolve(true);
    };
    expect(await check({ accepts })).to.include({ verified: false, closed: 1 });
  });

  it("says what went wrong with the chain, and closes it", async () => {
    const accepts = () => Promise.reject(new Error("out of blocks"));
    const result = await check({ accepts });
    expect(result).to.include({ witness: true, error: "UNEXPECTED: out of blocks", closed: 1 });
    expect(result.verified).to.equal(undefined);
  });
});
