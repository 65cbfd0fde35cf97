import { expect } from "chai";
import { hexlify, id, keccak256, ZeroAddress } from "ethers";
import { evidenceOf, PROOF_KINDS } from "../../sdk/proof-kinds.ts";
import { TIERS } from "../../sdk/tiers.ts";
import { proveInference } from "../../zkml/prove/prover.ts";
import { INPUT, publish, tinyModel } from "../fixtures/models.ts";
import { loadFixture } from "../fixtures/network.ts";
import { deployProtocol, fundedProtocol } from "../fixtures/protocol.ts";

const KIND = "0x01020304";

describe("VerifierRouter", () => {
  async function fixture() {
    const protocol = await deployProtocol();
    return { ...protocol, router: protocol.verifierRouter };
  }

  it("knows its routes from its deployment", async () => {
    const { router, provenVerifier, signedVerifier } = await loadFixture(fixture);
    const proven = await provenVerifier.getAddress();
    expect(await router.route(PROOF_KINDS.provenGroth16V1, TIERS.Proven)).to.equal(proven);
    const signed = await signedVerifier.getAddress();
    expect(await router.route(PROOF_KINDS.signedReceiptV1, TIERS.Signed)).to.equal(signed);
  });

  it("does not let evidence of one tier pass for another", async () => {
    const { router } = await loadFixture(fixture);
    for (const tier of [TIERS.Signed, TIERS.Attested, TIERS.Optimistic]) {
      await expect(router.route(PROOF_KINDS.provenGroth16V1, tier))
        .to.be.revertedWithCustomError(router, "VerifierRouterWrongTier")
        .withArgs(PROOF_KINDS.provenGroth16V1, TIERS.Proven, tier);
    }
    for (const tier of [TIERS.Attested, TIERS.Optimistic, TIERS.Proven]) {
      await expect(router.route(PROOF_KINDS.signedReceiptV1, tier))
        .to.be.revertedWithCustomError(router, "VerifierRouterWrongTier")
        .withArgs(PROOF_KINDS.signedReceiptV1, TIERS.Signed, tier);
    }
  });

  it("opens a route once and closes it for good", async () => {
    const { router, provenVerifier } = await loadFixture(fixture);
    const verifier = await provenVerifier.getAddress();
    const missing = () =>
      expect(router.route(KIND, TIERS.Signed))
        .to.be.revertedWithCustomError(router, "VerifierRouterNoRoute")
        .withArgs(KIND);
    const taken = () =>
      expect(router.openRoute(KIND, TIERS.Signed, verifier))
        .to.be.revertedWithCustomError(router, "VerifierRouterRouteTaken")
        .withArgs(KIND);

    await missing();
    await expect(router.closeRoute(KIND))
      .to.be.revertedWithCustomError(router, "VerifierRouterNoRoute")
      .withArgs(KIND);
    await expect(router.openRoute(KIND, TIERS.Signed, verifier))
      .to.emit(router, "RouteOpened")
      .withArgs(KIND, TIERS.Signed, verifier);
    await taken();
    await expect(router.closeRoute(KIND)).to.emit(router, "RouteClosed").withArgs(KIND);
    await missing();
    await taken();
    await expect(router.closeRoute(KIND)).to.be.revertedWithCustomError(
      router,
      "VerifierRouterNoRoute",
    );
  });

  it("refuses a verifier without code", async () => {
    const { router, stranger } = await loadFixture(fixture);
    for (const verifier of [ZeroAddress, stranger.address]) {
      await expect(router.openRoute(KIND, TIERS.Signed, verifier))
        .to.be.revertedWithCustomError(router, "VerifierRouterNotAContract")
        .withArgs(verifier);
    }
  });

  it("is governed", async () => {
    const { router, stranger, provenVerifier } = await loadFixture(fixture);
    for (const call of [
      () => router.connect(stranger).openRoute(KIND, TIERS.Signed, provenVerifier),
      () => router.connect(stranger).closeRoute(PROOF_KINDS.provenGroth16V1),
    ]) {
      await expect(call())
        .to.be.revertedWithCustomError(router, "AccessManagedUnauthorized")
        .withArgs(stranger);
    }
  });

  it("checks evidence as a settlement would", async () => {
    const protocol = await loadFixture(fundedProtocol);
    const { verifierRouter: router, provenVerifier, deployment, stranger } = protocol;
    const { model, modelId, origin, key } = await publish(protocol, await tinyModel());
    const claim = {
      market: stranger.address,
      modelId,
      requestId: id("request"),
      node: stranger.address,
      inputHash: keccak256(INPUT),
    };
    const context = { ...claim, chainId: deployment.chainId };
    const proved = await proveInference(model, { input: INPUT, context, parts: { origin, key } });
    const evidence = evidenceOf("provenGroth16V1", proved.evidence);
    await router.verify(TIERS.Proven, claim, proved.output, evidence);
    await expect(
      router.verify(TIERS.Attested, claim, proved.output, evidence),
    ).to.be.revertedWithCustomError(router, "VerifierRouterWrongTier");
    await expect(
      router.verify(TIERS.Proven, { ...claim, requestId: id("other") }, proved.output, evidence),
    ).to.be.revertedWithCustomError(provenVerifier, "ProvenVerifierInvalidProof");
    await expect(router.verify(TIERS.Proven, claim, hexlify(proved.output), "0x010203"))
      .to.be.revertedWithCustomError(router, "ProofKindMissing")
      .withArgs(3);
  });
});
