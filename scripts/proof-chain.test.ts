import path from "node:path";
import { expect } from "chai";
import { listOf } from "../zkml/arrays.ts";
import { domainPower } from "../zkml/circuit/compile.ts";
import { encodeR1cs } from "../zkml/circuit/r1cs-file.ts";
import { compileModel } from "../zkml/model/compile-model.ts";
import { proveInference, type ProvenInference } from "../zkml/prove/prover.ts";
import { stopProverThreads } from "../zkml/prove/threads.ts";
import { seededRandom } from "../zkml/random.ts";
import { cachedTau } from "../zkml/setup/development-cache.ts";
import { makeDevelopmentKeys } from "../zkml/setup/development-keys.ts";
import { perceptronFile, randomBytes } from "../zkml/testing/networks.ts";
import { requireBuiltContracts } from "./built-contracts.ts";
import { startProofChain, type ChainRequest, type ProofChain } from "./proof-chain.ts";

const CACHE = path.resolve(import.meta.dirname, "../.cache/powers-of-tau");

describe("a chain that verifies proofs", () => {
  let chain: ProofChain;
  let request: ChainRequest;
  let proven: ProvenInference;

  before(async () => {
    await requireBuiltContracts();
    const random = seededRandom(5);
    const samples = listOf(5, () => randomBytes(3, random));
    const { graph, circuit } = compileModel(perceptronFile([3, 2], random), { samples });
    const tau = await cachedTau(domainPower(circuit), CACHE);
    const r1cs = encodeR1cs(circuit);
    const keys = await makeDevelopmentKeys({ r1cs, tau, contributor: "test" });
    chain = await startProofChain();
    request = await chain.request({ graph, circuit, keys }, Uint8Array.of(3, 200, 7));
    proven = await proveInference({ graph, circuit, keys }, request);
  });

  after(async () => {
    await chain.close();
    await stopProverThreads();
  });

  it("takes an answer for its own request, and tells what it costs", async () => {
    expect(await chain.verify(request.context, proven)).to.be.within(200_000, 300_000);
    expect(request.keyGas).to.be.within(50_000, 200_000);
  });

  it("refuses another output, input, node and evidence", async () => {
    const { input, output, evidence } = proven;
    const { context } = request;
    const changed = (bytes: Uint8Array) => bytes.with(0, (bytes[0] ?? 0) ^ 1);
    const answers = {
      output: { ...proven, output: changed(output) },
      input: { ...proven, input: changed(input) },
      evidence: { ...proven, evidence: changed(evidence) },
    };
    for (const [name, answer] of Object.entries(answers))
      expect(await chain.verify(context, answer), name).to.equal(undefined);
    const node = "0x5555555555555555555555555555555555555555";
    expect(await chain.verify({ ...context, node }, proven)).to.equal(undefined);
  });
});
