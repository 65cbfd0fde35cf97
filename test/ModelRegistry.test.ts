import { expect } from "chai";
import { keccak256, ZeroAddress, ZeroHash, hexlify } from "ethers";
import { modelId as computeModelId } from "../sdk/model-id.ts";
import { TIERS, tierSet } from "../sdk/tiers.ts";
import { encodeKeySetup } from "../zkml/prove/encoding.ts";
import { publish, tinyModel } from "./fixtures/models.ts";
import { ethers, loadFixture } from "./fixtures/network.ts";
import { fundedProtocol, opg, PARAMETERS } from "./fixtures/protocol.ts";

const CONTENT = keccak256("0x02");

describe("ModelRegistry", () => {
  async function fixture() {
    const protocol = await fundedProtocol();
    const { key, modelId } = await publish(protocol, await tinyModel(), { royalty: opg(1) });
    const registration = {
      contentHash: CONTENT,
      uri: "ipfs://content",
      tiers: tierSet("Proven"),
      key,
      inputSize: 12,
      outputSize: 12,
      inferences: 1,
      computeUnits: 7,
      royalty: opg(2),
    };
    return { ...protocol, registry: protocol.modelRegistry, key, modelId, registration };
  }

  describe("register", () => {
    it("keeps what the publisher said and takes the deposit", async () => {
      const { registry, opg: token, publisher, registration } = await loadFixture(fixture);
      const identity = { publisher: publisher.address, ...registration };
      const id = computeModelId(identity);
      const deposit = PARAMETERS.modelDeposit;
      const register = registry.connect(publisher).register(registration);
      await expect(register)
        .to.emit(registry, "ModelRegistered")
        .withArgs(
          id,
          publisher,
          [CONTENT, "ipfs://content", registration.tiers, registration.key, 12, 12, 1, 7, opg(2)],
          deposit,
        );
      await expect(register).to.changeTokenBalances(
        ethers,
        token,
        [publisher, registry],
        [-deposit, deposit],
      );
      const model = await registry.model(id);
      expect([model.publisher, model.key, model.contentHash]).to.deep.equal([
        publisher.address,
        registration.key,
        CONTENT,
      ]);
      expect([
        model.inputSize,
        model.outputSize,
        model.inferences,
        model.computeUnits,
        model.royalty,
        model.deposit,
        model.retired,
      ]).to.deep.equal([12n, 12n, 1n, 7n, opg(2), deposit, false]);
    });

    it("gives the id that the SDK computes", async () => {
      const { registry, publisher, registration } = await loadFixture(fixture);
      const { contentHash, key, inputSize, outputSize } = registration;
      expect(await registry.modelIdOf(publisher, contentHash, key, inputSize, outputSize)).to.equal(
        computeModelId({ publisher: publisher.address, ...registration }),
      );
    });

    it("gives every publisher, content, key and size its own id", async () => {
      const { registry, publisher, stranger, registration } = await loadFixture(fixture);
      const { contentHash, key } = registration;
      const ids = [
        await registry.modelIdOf(publisher, contentHash, key, 12, 12),
        await registry.modelIdOf(stranger, contentHash, key, 12, 12),
        await registry.modelIdOf(publisher, ZeroHash, key, 12, 12),
        await registry.modelIdOf(publisher, contentHash, ZeroAddress, 12, 12),
        await registry.modelIdOf(publisher, contentHash, key, 13, 11),
        await registry.modelIdOf(publisher, contentHash, key, 11, 13),
      ];
      expect(new Set(ids).size).to.equal(ids.length);
    });

    it("lets two publishers register the same content, each for itself", async () => {
      const { registry, publisher, stranger, registration } = await loadFixture(fixture);
      await registry.connect(stranger).register(registration);
      await registry.connect(publisher).register(registration);
    });

    it("refuses the same model twice, even after it was retired", async () => {
      const { registry, publisher, registration } = await loadFixture(fixture);
      const id = computeModelId({ publisher: publisher.address, ...registration });
      await registry.connect(publisher).register(registration);
      const again = () => registry.connect(publisher).register(registration);
      await expect(again())
        .to.be.revertedWithCustomError(registry, "ModelRegistryAlreadyRegistered")
        .withArgs(id);
      await registry.connect(publisher).retire(id);
      await expect(again())
        .to.be.revertedWithCustomError(registry, "ModelRegistryAlreadyRegistered")
        .withArgs(id);
    });

    it("refuses a model without content", async () => {
      const { registry, publisher, registration } = await loadFixture(fixture);
      await expect(
        registry.connect(publisher).register({ ...registration, contentHash: ZeroHash }),
      ).to.be.revertedWithCustomError(registry, "ModelRegistryNoContent");
    });

    for (const tiers of [0, 0x10, 0x18, 0xff]) {
      it(`refuses the tiers 0x${tiers.toString(16)}`, async () => {
        const { registry, publisher, registration } = await loadFixture(fixture);
        await expect(registry.connect(publisher).register({ ...registration, tiers }))
          .to.be.revertedWithCustomError(registry, "ModelRegistryBadTiers")
          .withArgs(tiers);
      });
    }

    it("refuses a proved model whose key was not stored by the verifier", async () => {
      const { registry, groth16Verifier, publisher, registration } = await loadFixture(fixture);
      const { keys } = await tinyModel();
      const setup = await groth16Verifier.setupAddress(
        hexlify(encodeKeySetup(keys.verificationKey)),
      );
      for (const key of [ZeroAddress, publisher.address, await registry.getAddress(), setup]) {
        for (const tiers of [tierSet("Proven"), tierSet("Optimistic")]) {
          await expect(registry.connect(publisher).register({ ...registration, key, tiers }))
            .to.be.revertedWithCustomError(registry, "ModelRegistryBadKey")
            .withArgs(key, tiers);
        }
      }
    });

    it("refuses a key where no tier uses one", async () => {
      const { registry, publisher, registration } = await loadFixture(fixture);
      const tiers = tierSet("Signed", "Attested");
      await expect(registry.connect(publisher).register({ ...registration, tiers }))
        .to.be.revertedWithCustomError(registry, "ModelRegistryBadKey")
        .withArgs(registration.key, tiers);
      await registry.connect(publisher).register({
        ...registration,
        tiers,
        key: ZeroAddress,
        inputSize: 0,
        outputSize: 0,
        inferences: 0,
      });
    });

    it("refuses proofs that carry nothing, and inferences in a proof where there are none", async () => {
      const { registry, publisher, registration } = await loadFixture(fixture);
      await expect(registry.connect(publisher).register({ ...registration, inferences: 0 }))
        .to.be.revertedWithCustomError(registry, "ModelRegistryBadInferences")
        .withArgs(0, 1_024);
      const keyless = { ...registration, tiers: tierSet("Signed"), key: ZeroAddress };
      await expect(registry.connect(publisher).register({ ...keyless, inferences: 1 }))
        .to.be.revertedWithCustomError(registry, "ModelRegistryBadInferences")
        .withArgs(1, 0);
      await expect(registry.connect(publisher).register({ ...registration, inferences: 1_025 }))
        .to.be.revertedWithCustomError(registry, "ModelRegistryBadInferences")
        .withArgs(1_025, 1_024);
      await registry.connect(publisher).register({ ...registration, inferences: 1_024 });
    });

    it("refuses proved models without sizes, or with ones too large for calldata", async () => {
      const { registry, publisher, registration } = await loadFixture(fixture);
      for (const [inputSize, outputSize] of [
        [0, 12],
        [12, 0],
        [61_441, 12],
        [12, 61_441],
      ] as const) {
        await expect(
          registry.connect(publisher).register({ ...registration, inputSize, outputSize }),
        )
          .to.be.revertedWithCustomError(registry, "ModelRegistryBadSize")
          .withArgs(inputSize, outputSize, 61_440);
      }
      await registry
        .connect(publisher)
        .register({ ...registration, inputSize: 61_440, outputSize: 61_440 });
      // The limit is that of all inferences together.
      const many = { ...registration, inputSize: 61, inferences: 1_008 };
      await expect(registry.connect(publisher).register(many))
        .to.be.revertedWithCustomError(registry, "ModelRegistryBadSize")
        .withArgs(61_488, 12_096, 61_440);
    });

    it("refuses a publisher who cannot pay the deposit, and keeps nothing", async () => {
      const { registry, opg: token, publisher, registration } = await loadFixture(fixture);
      await token.connect(publisher).approve(registry, PARAMETERS.modelDeposit - 1n);
      await expect(registry.connect(publisher).register(registration))
        .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
        .withArgs(registry, PARAMETERS.modelDeposit - 1n, PARAMETERS.modelDeposit);
      const id = computeModelId({ publisher: publisher.address, ...registration });
      await expect(registry.model(id))
        .to.be.revertedWithCustomError(registry, "ModelRegistryUnknownModel")
        .withArgs(id);
    });
  });

  describe("retire", () => {
    it("pays the deposit back that was taken, whatever it is now", async () => {
      const { registry, opg: token, publisher, modelId } = await loadFixture(fixture);
      await registry.setDeposit(opg(7));
      const retire = registry.connect(publisher).retire(modelId);
      await expect(retire)
        .to.emit(registry, "ModelRetired")
        .withArgs(modelId, publisher, PARAMETERS.modelDeposit);
      await expect(retire).to.changeTokenBalance(ethers, token, publisher, PARAMETERS.modelDeposit);
      expect((await registry.model(modelId)).retired).to.equal(true);
    });

    it("happens once", async () => {
      const { registry, publisher, modelId } = await loadFixture(fixture);
      await registry.connect(publisher).retire(modelId);
      await expect(registry.connect(publisher).retire(modelId))
        .to.be.revertedWithCustomError(registry, "ModelRegistryRetired")
        .withArgs(modelId);
    });

    it("stops new requests, in every tier", async () => {
      const { registry, publisher, modelId } = await loadFixture(fixture);
      await registry.connect(publisher).retire(modelId);
      await expect(registry.requireOffered(modelId, TIERS.Proven))
        .to.be.revertedWithCustomError(registry, "ModelRegistryRetired")
        .withArgs(modelId);
    });
  });

  describe("price and offer", () => {
    it("come from the publisher", async () => {
      const { registry, publisher, modelId } = await loadFixture(fixture);
      await expect(registry.connect(publisher).setPricing(modelId, 9, opg(3)))
        .to.emit(registry, "ModelPricingChanged")
        .withArgs(modelId, 9, opg(3));
      expect(await registry.requireOffered(modelId, TIERS.Proven)).to.deep.equal([
        opg(3),
        9n,
        12n,
        12n,
        1n,
      ]);
    });

    it("name the tiers that are not offered", async () => {
      const { registry, modelId } = await loadFixture(fixture);
      for (const tier of [TIERS.Signed, TIERS.Attested, TIERS.Optimistic]) {
        await expect(registry.requireOffered(modelId, tier))
          .to.be.revertedWithCustomError(registry, "ModelRegistryTierNotOffered")
          .withArgs(modelId, tier);
      }
    });
  });

  describe("publisher", () => {
    it("changes only when the successor accepts", async () => {
      const { registry, publisher, stranger, modelId } = await loadFixture(fixture);
      await expect(registry.connect(publisher).transferPublisher(modelId, stranger))
        .to.emit(registry, "ModelPublisherOffered")
        .withArgs(modelId, publisher, stranger);
      expect(await registry.publisherOf(modelId)).to.equal(publisher.address);
      await expect(registry.connect(stranger).acceptPublisher(modelId))
        .to.emit(registry, "ModelPublisherChanged")
        .withArgs(modelId, publisher, stranger);
      expect(await registry.publisherOf(modelId)).to.equal(stranger.address);
      await expect(registry.connect(stranger).acceptPublisher(modelId))
        .to.be.revertedWithCustomError(registry, "ModelRegistryNotPublisher")
        .withArgs(modelId, stranger, ZeroAddress);
    });

    it("can take an offer back", async () => {
      const { registry, publisher, stranger, modelId } = await loadFixture(fixture);
      await registry.connect(publisher).transferPublisher(modelId, stranger);
      await registry.connect(publisher).transferPublisher(modelId, ZeroAddress);
      await expect(registry.connect(stranger).acceptPublisher(modelId))
        .to.be.revertedWithCustomError(registry, "ModelRegistryNotPublisher")
        .withArgs(modelId, stranger, ZeroAddress);
    });

    it("is the only one who may change a model", async () => {
      const { registry, publisher, stranger, modelId } = await loadFixture(fixture);
      const calls = [
        () => registry.connect(stranger).retire(modelId),
        () => registry.connect(stranger).setPricing(modelId, 1, 1),
        () => registry.connect(stranger).transferPublisher(modelId, stranger),
      ];
      for (const call of calls) {
        await expect(call())
          .to.be.revertedWithCustomError(registry, "ModelRegistryNotPublisher")
          .withArgs(modelId, stranger, publisher);
      }
    });
  });

  it("knows no model that was not registered", async () => {
    const { registry } = await loadFixture(fixture);
    for (const call of [
      () => registry.model(ZeroHash),
      () => registry.publisherOf(ZeroHash),
      () => registry.requireOffered(ZeroHash, 3),
    ]) {
      await expect(call())
        .to.be.revertedWithCustomError(registry, "ModelRegistryUnknownModel")
        .withArgs(ZeroHash);
    }
  });
});
