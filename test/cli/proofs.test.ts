import { expect } from "chai";
import { concat, dataSlice, hexlify, id, toBeHex, toBigInt } from "ethers";
import { addressOfKey } from "../../cli/proofs/address-of-key.ts";
import { checkProof } from "../../cli/proofs/check-proof.ts";
import { evidenceOf, PROOF_KINDS, proofKindOf } from "../../sdk/proof-kinds.ts";
import { TIERS } from "../../sdk/tiers.ts";
import type { ProofFile } from "../../cli/proofs/proof-file.ts";
import { BASE_FIELD_ORDER, FIELD_ORDER } from "../../zkml/circuit/field.ts";
import { at } from "../../zkml/arrays.ts";
import type { ProvableModel } from "../../zkml/prove/prover.ts";
import { proveClaims, publish, sharedModel, tinyModel, twinModel } from "../fixtures/models.ts";
import { flipped, patched } from "../fixtures/bytes.ts";
import { loadFixture } from "../fixtures/network.ts";
import { fundedProtocol } from "../fixtures/protocol.ts";

/** Where the parts of evidence start, behind the kind's four bytes. */
interface Layout {
  readonly commitment: number;
  readonly proof: number;
  readonly input: number;
}

const LAYOUTS = {
  "one inference": { model: tinyModel, layout: { commitment: 56, proof: 88, input: 344 } },
  "up to three inferences": {
    model: sharedModel,
    layout: { commitment: 66, proof: 98, input: 354 },
  },
} as const;

for (const [name, { model, layout }] of Object.entries(LAYOUTS))
  describe(`checks of a proof file of a model whose proofs carry ${name}`, () => {
    checkProofFiles(model, layout);
  });

/** Off-chain checks have to say what the contracts say, of good proofs and of bad ones. */
function checkProofFiles(
  subject: () => Promise<ProvableModel>,
  { commitment: COMMITMENT, proof: PROOF, input: INPUT }: Layout,
): void {
  async function fixture() {
    const protocol = await fundedProtocol();
    const { deployment, governor, groth16Verifier } = protocol;
    const model = await subject();
    const published = await publish(protocol, model);
    const proven = await proveClaims(deployment.chainId, published, 1);
    const { claim, output, evidence } = at(proven, 0);
    const proof: ProofFile = {
      format: "opengradient-proof/2",
      claim: {
        ...claim,
        chainId: deployment.chainId,
        publisher: governor.address,
        groth16Verifier: await groth16Verifier.getAddress(),
      },
      output,
      evidence: evidenceOf(proofKindOf(model.circuit.form), evidence),
    };
    return { ...protocol, published, proof, key: model.keys };
  }

  type Context = Awaited<ReturnType<typeof fixture>>;

  async function verdicts({ verifierRouter, key }: Context, proof: ProofFile) {
    const offChain = checkProof(proof, key).every(({ holds }) => holds);
    const { claim, output, evidence } = proof;
    const onChain = await verifierRouter.verify(TIERS.Proven, claim, output, evidence).then(
      () => true,
      () => false,
    );
    return { offChain, onChain };
  }

  it("hold where the contract accepts", async () => {
    const context = await loadFixture(fixture);
    expect(await verdicts(context, context.proof)).to.deep.equal({ offChain: true, onChain: true });
  });

  it("find the address at which the contract stores a key", async () => {
    const { published, proof, key } = await loadFixture(fixture);
    expect(addressOfKey(proof.claim.groth16Verifier, key.verificationKey)).to.equal(published.key);
  });

  const lifted = (evidence: string, start: number, order: bigint): string => {
    const value = toBigInt(dataSlice(evidence, start, start + 32)) + order;
    return patched(evidence, start, toBeHex(value, 32));
  };

  const forgeries: Readonly<Record<string, (proof: ProofFile) => ProofFile>> = {
    "another output": (proof) => ({ ...proof, output: flipped(proof.output, 3) }),
    "another input": (proof) => ({ ...proof, evidence: flipped(proof.evidence, INPUT + 1) }),
    "another model": ({ claim, ...rest }) => ({ ...rest, claim: { ...claim, modelId: id("x") } }),
    "another request": ({ claim, ...rest }) => ({
      ...rest,
      claim: { ...claim, requestId: id("x") },
    }),
    "another node": ({ claim, ...rest }) => ({
      ...rest,
      claim: { ...claim, node: claim.market },
    }),
    "another market": ({ claim, ...rest }) => ({
      ...rest,
      claim: { ...claim, market: claim.node },
    }),
    "another origin": (proof) => ({ ...proof, evidence: flipped(proof.evidence, 4) }),
    "another key": (proof) => ({ ...proof, evidence: flipped(proof.evidence, 36) }),
    "another commitment": (proof) => ({
      ...proof,
      evidence: flipped(proof.evidence, COMMITMENT + 31),
    }),
    "a commitment beyond the field": (proof) => ({
      ...proof,
      evidence: lifted(proof.evidence, COMMITMENT, FIELD_ORDER),
    }),
    "a point off its curve": (proof) => ({
      ...proof,
      evidence: flipped(proof.evidence, PROOF + 31),
    }),
    "a coordinate beyond the field": (proof) => ({
      ...proof,
      evidence: lifted(proof.evidence, PROOF + 32, BASE_FIELD_ORDER),
    }),
    "points at infinity": (proof) => ({
      ...proof,
      evidence: patched(proof.evidence, PROOF, hexlify(new Uint8Array(256))),
    }),
    "a border between input and output that was moved": (proof) => ({
      ...proof,
      evidence: concat([proof.evidence, dataSlice(proof.output, 0, 1)]),
      output: dataSlice(proof.output, 1),
    }),
    "evidence of another kind": (proof) => ({
      ...proof,
      evidence: patched(proof.evidence, 0, PROOF_KINDS.signedReceiptV1),
    }),
    "evidence of the other kind of proof": (proof) => ({
      ...proof,
      evidence: patched(
        proof.evidence,
        0,
        proof.evidence.startsWith(PROOF_KINDS.provenGroth16V1)
          ? PROOF_KINDS.provenGroth16SharedV1
          : PROOF_KINDS.provenGroth16V1,
      ),
    }),
    "evidence that ends before the input": (proof) => ({
      ...proof,
      evidence: dataSlice(proof.evidence, 0, INPUT),
    }),
  };

  for (const [name, forge] of Object.entries(forgeries)) {
    it(`fail for ${name}, as the contract does`, async () => {
      const context = await loadFixture(fixture);
      const verdict = await verdicts(context, forge(context.proof));
      expect(verdict).to.deep.equal({ offChain: false, onChain: false });
    });
  }

  it("fail for another chain than the proof's", async () => {
    const { proof, key } = await loadFixture(fixture);
    const elsewhere = { ...proof, claim: { ...proof.claim, chainId: 1n } };
    const failed = checkProof(elsewhere, key).filter(({ holds }) => !holds);
    expect(failed.map(({ check }) => check)).to.deep.equal(["proof holds for c, r and e"]);
  });

  it("fail under the key of another model", async () => {
    const { proof } = await loadFixture(fixture);
    const failed = checkProof(proof, (await twinModel()).keys).filter(({ holds }) => !holds);
    expect(failed.map(({ check }) => check)).to.deep.equal([
      "key is the one given",
      "proof holds for c, r and e",
    ]);
  });

  it("hold a package's model against its publisher and content", async () => {
    const { proof, key } = await loadFixture(fixture);
    const checks = checkProof(proof, { ...key, contentHash: id("another package") });
    const failed = checks.filter(({ holds }) => !holds).map(({ check }) => check);
    expect(failed).to.deep.equal(["model is the package's"]);
  });
}
