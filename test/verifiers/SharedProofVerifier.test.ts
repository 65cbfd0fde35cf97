import { expect } from "chai";
import {
  concat,
  dataLength,
  dataSlice,
  getBytes,
  hexlify,
  id,
  keccak256,
  toBeHex,
  zeroPadValue,
} from "ethers";
import { at, listOf } from "../../zkml/arrays.ts";
import { FIELD_ORDER } from "../../zkml/circuit/field.ts";
import { commit } from "../../zkml/circuit/poseidon.ts";
import { sharedChallenge, wordsOf } from "../../zkml/circuit/statement.ts";
import { WitnessVector } from "../../zkml/circuit/witness-vector.ts";
import type { Question } from "../../zkml/circuit/witness.ts";
import { encodeWitness } from "../../zkml/circuit/wtns-file.ts";
import { runIntegerGraph } from "../../zkml/integer/run.ts";
import { decodeTensors, encodeTensors } from "../../zkml/integer/tensor-spec.ts";
import { encodeEvidence } from "../../zkml/prove/encoding.ts";
import { decodeEvidence } from "../../zkml/prove/evidence.ts";
import { proveInference, proveTogether } from "../../zkml/prove/prover.ts";
import { proveVerified } from "../../zkml/prove/prove-verified.ts";
import { SnarkjsProver } from "../../zkml/prove/provers/snarkjs-prover.ts";
import { proofHolds, statementOf } from "../../zkml/prove/verify-evidence.ts";
import { patched } from "../fixtures/bytes.ts";
import { publish, sharedModel, tinyModel, type PublishedModel } from "../fixtures/models.ts";
import { loadFixture } from "../fixtures/network.ts";
import { fundedProtocol, type Fixture } from "../fixtures/protocol.ts";

const MARKET = "0x1111111111111111111111111111111111111111";
const NODE = "0x4444444444444444444444444444444444444444";

/** Where the parts of the evidence start; see ISharedProofVerifier. */
const INPUT_SIZE = 52;
const OUTPUT_SIZE = 56;
const INFERENCES = 60;
const COMMITMENT = 62;
const PROOF = 94;
const INPUTS = 350;

const INPUT_BYTES = 4;
const OUTPUT_BYTES = 4;

const inputs = listOf(3, (i) => Uint8Array.of(i, 50 * i, 255 - i, 7));
const requestIds = listOf(3, (i) => id(`request ${i}`));

describe("SharedProofVerifier", () => {
  async function fixture() {
    const protocol = await fundedProtocol();
    const published = await publish(protocol, await sharedModel());
    const claim = { market: MARKET, modelId: published.modelId, node: NODE };
    const verifier = protocol.sharedProofVerifier;
    const shared = await proved(protocol, published, [1, 1, 1]);
    return { ...protocol, verifier, published, claim, ...shared };
  }

  /** Proves requests that ask for so many inferences each, of the inputs above in their order. */
  async function proved(
    { deployment: { chainId } }: Pick<Fixture, "deployment">,
    { model, modelId, origin, key }: PublishedModel,
    counts: readonly number[],
  ) {
    let next = 0;
    const questions: Question[] = counts.map((count, i) => {
      const own = inputs.slice(next, (next += count));
      return { requestId: at(requestIds, i), input: getBytes(concat(own)) };
    });
    const context = { chainId, market: MARKET, modelId, node: NODE };
    const proven = await proveTogether(model, { questions, context, parts: { origin, key } });
    const answers = proven.answers.map(({ requestId, input, output }) => ({
      requestId,
      inputHash: keccak256(input),
      output: hexlify(output),
    }));
    return { answers, evidence: hexlify(proven.evidence) };
  }

  for (const counts of [[1, 1, 1], [3], [2, 1], [1, 2], [1, 1], [1]]) {
    it(`accepts requests for ${counts.join(" and ")} inferences, as the check off the chain does`, async () => {
      const context = await loadFixture(fixture);
      const { verifier, published, claim, deployment, stranger } = context;
      const { answers, evidence } = await proved(context, published, counts);
      await verifier.connect(stranger).verifyShared(claim, answers, evidence);

      const decoded = decodeEvidence(getBytes(evidence), { isShared: true });
      const outputs = answers.map(({ requestId, output }) => ({
        requestId,
        output: getBytes(output),
      }));
      if (decoded === undefined) throw new Error("the evidence is whole");
      const statement = statementOf(decoded, outputs, { ...claim, chainId: deployment.chainId });
      if (statement === undefined) throw new Error("the sizes fit");
      expect(statement.isCommitted).to.equal(true);
      expect(proofHolds(published.model.keys.verificationKey, decoded, statement)).to.equal(true);
    });
  }

  it("accepts a request of its own, of one or more inferences, as any verifier does", async () => {
    const context = await loadFixture(fixture);
    const { verifier, published, claim, deployment } = context;
    const { origin, key } = published;
    for (const count of [1, 2, 3]) {
      const input = getBytes(concat(inputs.slice(0, count)));
      const single = { ...claim, requestId: at(requestIds, 0), inputHash: keccak256(input) };
      const { output, evidence } = await proveInference(published.model, {
        input,
        context: { ...single, chainId: deployment.chainId },
        parts: { origin, key },
      });
      expect(output).to.have.length(count * OUTPUT_BYTES);
      await verifier.verify(single, output, evidence);
    }
  });

  it("gives each answer what the model says alone", async () => {
    const { answers, published, deployment, claim } = await loadFixture(fixture);
    const { origin, key } = published;
    for (const [i, input] of inputs.entries()) {
      const { output } = await proveInference(published.model, {
        input,
        context: { ...claim, requestId: at(requestIds, 0), chainId: deployment.chainId },
        parts: { origin, key },
      });
      expect(hexlify(output)).to.equal(at(answers, i).output);
    }
  });

  describe("rejects the proof", () => {
    async function expectInvalid(
      bend: (context: Awaited<ReturnType<typeof fixture>>) => {
        claim?: { market: string; modelId: string; node: string };
        answers?: { requestId: string; inputHash: string; output: string }[];
        evidence?: string;
      },
    ) {
      const context = await loadFixture(fixture);
      const { verifier, claim, answers, evidence } = { ...context, ...bend(context) };
      await expect(verifier.verifyShared(claim, answers, evidence))
        .to.be.revertedWithCustomError(verifier, "SharedProofVerifierInvalidProof")
        .withArgs(claim.modelId);
    }

    it("for another market or node", async () => {
      await expectInvalid(({ claim }) => ({ claim: { ...claim, market: NODE } }));
      await expectInvalid(({ claim }) => ({ claim: { ...claim, node: MARKET } }));
    });

    it("for another request at any place", async () => {
      for (let i = 0; i < 3; i++)
        await expectInvalid(({ answers }) => ({
          answers: answers.with(i, { ...at(answers, i), requestId: id("another") }),
        }));
    });

    it("for any other output", async () => {
      for (let i = 0; i < 3; i++)
        for (let byte = 0; byte < OUTPUT_BYTES; byte++)
          await expectInvalid(({ answers }) => {
            const output = getBytes(at(answers, i).output);
            output[byte] = at(output, byte) ^ 1;
            return { answers: answers.with(i, { ...at(answers, i), output: hexlify(output) }) };
          });
    });

    it("for another input, though claim and evidence agree on it", async () => {
      await expectInvalid(({ answers, evidence }) => ({
        answers: answers.with(1, { ...at(answers, 1), inputHash: keccak256("0x00000000") }),
        evidence: patched(evidence, INPUTS + INPUT_BYTES, "0x00000000"),
      }));
    });

    it("for answers that changed places, with their inputs", async () => {
      await expectInvalid(({ answers, evidence }) => ({
        answers: [at(answers, 1), at(answers, 0), at(answers, 2)],
        evidence: patched(evidence, INPUTS, concat([at(inputs, 1), at(inputs, 0)])),
      }));
    });

    it("for fewer answers than it was made for", async () => {
      await expectInvalid(({ answers, evidence }) => ({
        answers: answers.slice(0, 2),
        evidence: dataSlice(evidence, 0, INPUTS + 2 * INPUT_BYTES),
      }));
    });

    it("for answers that one request has together", async () => {
      await expectInvalid(({ answers }) => ({
        answers: [
          {
            requestId: at(requestIds, 0),
            inputHash: keccak256(concat(inputs)),
            output: concat(answers.map(({ output }) => output)),
          },
        ],
      }));
    });

    it("for another commitment, and for one that is no field element", async () => {
      await expectInvalid(({ evidence }) => ({
        evidence: patched(evidence, COMMITMENT, zeroPadValue("0x01", 32)),
      }));
      await expectInvalid(({ evidence }) => {
        const commitment = BigInt(dataSlice(evidence, COMMITMENT, COMMITMENT + 32));
        const lifted = toBeHex(commitment + FIELD_ORDER, 32);
        return { evidence: patched(evidence, COMMITMENT, lifted) };
      });
    });

    it("with any of its points changed", async () => {
      for (const offset of [0, 31, 64, 128, 192, 255])
        await expectInvalid(({ evidence }) => {
          const byte = Number(dataSlice(evidence, PROOF + offset, PROOF + offset + 1));
          return { evidence: patched(evidence, PROOF + offset, toBeHex(byte ^ 1, 1)) };
        });
    });

    it("with more inferences than its circuit has, of zeros or of repetitions", async () => {
      // What was proved, and a fourth inference that nobody ran.
      const fourth = { requestId: id("fourth"), inputHash: keccak256("0x00000000") };
      await expectInvalid(({ answers, evidence }) => ({
        answers: [...answers, { ...fourth, output: "0x00000000" }],
        evidence: concat([patched(evidence, INFERENCES, "0x0004"), "0x00000000"]),
      }));
      await expectInvalid(({ evidence }) => ({
        evidence: patched(evidence, INFERENCES, "0x0004"),
      }));
    });

    it("on another chain", async () => {
      const context = await loadFixture(fixture);
      const { verifier, published, claim, deployment } = context;
      const elsewhere = { deployment: { ...deployment, chainId: 1n } };
      const { answers, evidence } = await proved(elsewhere, published, [1]);
      await expect(verifier.verifyShared(claim, answers, evidence)).to.be.revertedWithCustomError(
        verifier,
        "SharedProofVerifierInvalidProof",
      );
    });
  });

  describe("refuses", () => {
    it("evidence that is cut off", async () => {
      const { verifier, claim, answers, evidence } = await loadFixture(fixture);
      for (const length of [0, 1, INPUTS - 1, INPUTS])
        await expect(verifier.verifyShared(claim, answers, dataSlice(evidence, 0, length)))
          .to.be.revertedWithCustomError(verifier, "SharedProofVerifierTruncated")
          .withArgs(length, INPUTS + 1);
    });

    it("another model's key, origin or sizes", async () => {
      const { verifier, claim, answers, evidence } = await loadFixture(fixture);
      for (const [start, part] of [
        [0, id("origin")],
        [32, MARKET],
        [INPUT_SIZE, "0x00000005"],
        [OUTPUT_SIZE, "0x00000002"],
      ] as const)
        await expect(
          verifier.verifyShared(claim, answers, patched(evidence, start, part)),
        ).to.be.revertedWithCustomError(verifier, "SharedProofVerifierWrongModel");
    });

    it("no answers, and more than a proof carries", async () => {
      const { verifier, claim, answers, evidence } = await loadFixture(fixture);
      await expect(verifier.verifyShared(claim, [], evidence))
        .to.be.revertedWithCustomError(verifier, "SharedProofVerifierBadCount")
        .withArgs(0, 3);
      await expect(verifier.verifyShared(claim, [...answers, at(answers, 0)], evidence))
        .to.be.revertedWithCustomError(verifier, "SharedProofVerifierBadCount")
        .withArgs(4, 3);
    });

    it("a proof that says it carries none", async () => {
      const { verifier, claim, answers, evidence } = await loadFixture(fixture);
      await expect(verifier.verifyShared(claim, answers, patched(evidence, INFERENCES, "0x0000")))
        .to.be.revertedWithCustomError(verifier, "SharedProofVerifierBadCount")
        .withArgs(3, 0);
    });

    it("an output that is not of whole inferences", async () => {
      const { verifier, claim, answers, evidence } = await loadFixture(fixture);
      for (const output of ["0x", "0x00", concat([at(answers, 0).output, "0x00"])])
        await expect(
          verifier.verifyShared(claim, answers.with(0, { ...at(answers, 0), output }), evidence),
        )
          .to.be.revertedWithCustomError(verifier, "SharedProofVerifierBadOutput")
          .withArgs(at(requestIds, 0), dataLength(output), OUTPUT_BYTES);
    });

    it("inputs that are too long or too short", async () => {
      const { verifier, claim, answers, evidence } = await loadFixture(fixture);
      for (const [bent, length] of [
        [concat([evidence, "0x00"]), 13],
        [dataSlice(evidence, 0, dataLength(evidence) - 1), 11],
      ] as const)
        await expect(verifier.verifyShared(claim, answers, bent))
          .to.be.revertedWithCustomError(verifier, "SharedProofVerifierBadInput")
          .withArgs(length, 12);
    });

    it("an input that was not asked about, and says whose", async () => {
      const { verifier, claim, answers, evidence } = await loadFixture(fixture);
      const bent = patched(evidence, INPUTS + INPUT_BYTES, "0x00000000");
      await expect(verifier.verifyShared(claim, answers, bent))
        .to.be.revertedWithCustomError(verifier, "SharedProofVerifierWrongInput")
        .withArgs(at(requestIds, 1), keccak256("0x00000000"), at(answers, 1).inputHash);
    });
  });

  it("holds for no inference beyond those of the circuit, whatever the challenge was made from", async () => {
    const context = await loadFixture(fixture);
    const { verifier, published, claim, deployment } = context;
    const { graph, circuit, keys } = published.model;
    // A forger proves three inferences for a challenge that names four answers, the last of zeros: its words change no sum.
    const zeros = new Uint8Array(4);
    const fourth = { requestId: id("fourth"), input: zeros, output: zeros };
    const runs = inputs.map((input) => ({
      trace: runIntegerGraph(graph, decodeTensors(graph.inputs, input)),
    }));
    const answers = runs.map(({ trace }, i) => ({
      requestId: at(requestIds, i),
      input: at(inputs, i),
      output: encodeTensors(graph.outputs, trace.outputs),
    }));
    const prove = async (claimed: typeof answers, inferences: number) => {
      const commitment = commit(answers.flatMap(wordsOf));
      const nodeContext = { ...claim, chainId: deployment.chainId };
      const witness = new WitnessVector(circuit.wireCount);
      circuit.fill(witness, { runs, challenge: sharedChallenge(commitment, nodeContext, claimed) });
      const { proof } = await proveVerified(new SnarkjsProver(), keys, encodeWitness(witness));
      const sharing = { inputSize: INPUT_BYTES, outputSize: OUTPUT_BYTES, inferences };
      const content = { commitment, proof, inputs: claimed.map(({ input }) => input), sharing };
      return verifier.verifyShared(
        claim,
        claimed.map(({ requestId, input, output }) => ({
          requestId,
          inputHash: keccak256(input),
          output,
        })),
        encodeEvidence(published, content),
      );
    };
    // The same way of proving, without the lie, is accepted.
    await prove(answers, 3);
    await expect(prove([...answers, fourth], 4)).to.be.revertedWithCustomError(
      verifier,
      "SharedProofVerifierInvalidProof",
    );
  });

  it("has nothing to do with proofs that carry one inference", async () => {
    const context = await loadFixture(fixture);
    const { verifier, provenVerifier, deployment, claim } = context;
    const tiny = await publish(context, await tinyModel(), { content: "0x02" });
    const single = { ...claim, modelId: tiny.modelId, requestId: at(requestIds, 0) };
    const input = new Uint8Array(12);
    const { origin, key } = tiny;
    const { output, evidence } = await proveInference(tiny.model, {
      input,
      context: { ...single, chainId: deployment.chainId },
      parts: { origin, key },
    });
    const inputHash = keccak256(input);
    await provenVerifier.verify({ ...single, inputHash }, output, evidence);
    const bytes = hexlify(evidence);
    const dressed = concat([
      dataSlice(bytes, 0, INPUT_SIZE),
      "0x0000000c0000000c0001",
      dataSlice(bytes, INPUT_SIZE),
    ]);
    await expect(
      verifier.verify({ ...single, inputHash }, output, dressed),
    ).to.be.revertedWithCustomError(verifier, "SharedProofVerifierInvalidProof");
  });
});
