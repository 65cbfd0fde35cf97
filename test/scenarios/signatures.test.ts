import { expect } from "chai";
import hre from "hardhat";
import { channelFixture, withChannel, type ChannelContext } from "../fixtures/channels.ts";
import { loadFixture, type Chain } from "../fixtures/network.ts";
import { fundedProtocol, fundedProtocolOn } from "../fixtures/protocol.ts";
import {
  flipped,
  mirrored,
  signedActions,
  type Form,
  type SignedAction,
} from "../fixtures/signed-actions.ts";

const BASE = 8453;

/** Titles have to be known before anything is deployed. */
const NAMES = [
  "voucher",
  "metering cap",
  "usage",
  "cooperative close",
  "exposure limits",
  "permit",
  "transfer",
  "transfer into a channel",
  "cancellation of a transfer",
  "votes of held OPG",
  "votes of stake",
] as const;

describe("what is signed", () => {
  async function metered(): Promise<ChannelContext> {
    const context = await channelFixture();
    await context.escrow.setAttestedKeys(context.keys);
    return context;
  }

  function actionOf(context: ChannelContext, name: string): SignedAction {
    const found = signedActions(context).find((action) => action.name === name);
    if (found === undefined) throw new Error(`nobody signs a ${name}`);
    return found;
  }

  /** Whatever becomes of the transaction, nothing must come of the signature. */
  async function expectVoid(action: SignedAction, form: Form) {
    await action.send(form).catch(() => undefined);
    expect(await action.hasEffect()).to.equal(false);
  }

  it("is all on this list", async () => {
    const context = await loadFixture(metered);
    expect(signedActions(context).map(({ name }) => name)).to.deep.equal(NAMES);
  });

  for (const name of NAMES) {
    it(`has one form that counts: a ${name} mirrored, or with another v, does nothing`, async () => {
      const context = await loadFixture(metered);
      const action = actionOf(context, name);
      const form = await action.sign();
      await expectVoid(action, mirrored(form));
      await expectVoid(action, flipped(form));
      await expectVoid(action, flipped(mirrored(form)));
      if (!action.isCompact) {
        await expect(action.send(mirrored(form))).to.be.revertedWithCustomError(
          context.opg,
          "ECDSAInvalidSignatureS",
        );
        await expect(action.send({ ...form, v: form.v - 27 })).to.be.revertedWithCustomError(
          context.opg,
          "ECDSAInvalidSignature",
        );
      }
      expect(await action.hasEffect()).to.equal(false);
      await action.send(form);
      expect(await action.hasEffect()).to.equal(true);
    });
  }

  it("in 64 bytes has no other length: a close that was agreed to in 63, 65 or 66 bytes is not", async () => {
    const context = await loadFixture(metered);
    const { escrow, operator } = context;
    const action = actionOf(context, "cooperative close");
    const form = await action.sign();
    const { compact, r, s, v } = form;
    const long = r + s.slice(2) + v.toString(16);
    for (const other of [compact.slice(0, -2), `${compact}00`, long, `${long}00`, "0x"]) {
      await expect(action.send({ ...form, compact: other }))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsBadSignature")
        .withArgs(operator);
    }
  });

  describe("for one deployment", () => {
    for (const name of NAMES) {
      it(`is void in another one on the same chain: ${name}`, async () => {
        const { here, there } = await loadFixture(twoDeployments);
        await expectBound(actionOf(here, name), actionOf(there, name));
      });
    }

    /** Both are whole, and the payer has the same channel, allowances and nonces in both. */
    async function twoDeployments() {
      const here = await metered();
      const there = await withChannel(await fundedProtocol());
      await there.escrow.setAttestedKeys(there.keys);
      expect(here.deployment.addresses.feeEscrow).not.to.equal(
        there.deployment.addresses.feeEscrow,
      );
      return { here, there };
    }
  });

  describe("for one chain", () => {
    let chains: [Chain, Chain];
    let here: ChannelContext;
    let there: ChannelContext;
    let begin: { restore: () => Promise<void> }[];

    // Base takes no simulated enclaves, and what is deployed for them would move all addresses.
    const deployedOn = async (on: Chain) =>
      withChannel(await fundedProtocolOn(on, { simulatedRoot: null }));

    before("two chains with the same contracts at the same addresses", async () => {
      const base = { network: "default", override: { chainId: BASE } } as const;
      chains = [await hre.network.create("default"), await hre.network.create(base)];
      [here, there] = [await deployedOn(chains[0]), await deployedOn(chains[1])];
      for (const { escrow, keys } of [here, there]) await escrow.setAttestedKeys(keys);
      expect(here.deployment.addresses).to.deep.equal(there.deployment.addresses);
      expect([here.deployment.chainId, there.deployment.chainId]).to.deep.equal([31_337n, 8453n]);
    });

    beforeEach(async () => {
      begin = await Promise.all(chains.map(({ networkHelpers }) => networkHelpers.takeSnapshot()));
    });

    afterEach(() => Promise.all(begin.map((snapshot) => snapshot.restore())));

    for (const name of NAMES) {
      it(`is void on another, though all addresses are the same: ${name}`, async () => {
        const action = actionOf(here, name);
        await expectBound(action, actionOf(there, name));
      });
    }
  });

  /** What was signed for the one does nothing in the other. */
  async function expectBound(here: SignedAction, there: SignedAction) {
    const form = await here.sign();
    await expectVoid(there, form);
    await here.send(form);
    expect(await here.hasEffect()).to.equal(true);
  }
});
