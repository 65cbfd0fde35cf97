import { expect } from "chai";
import { channelId, packClaims } from "../../sdk/channel.ts";
import { attestedMarket } from "../fixtures/attested.ts";
import { DEPOSIT, meteredClaim, REFUSALS } from "../fixtures/channels.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";

/** Claims of channels whose meter is an enclave that the registry knows. */
describe("metered channels with registered enclaves", () => {
  async function fixture() {
    const context = await attestedMarket();
    const { feeEscrow: escrow, payer, operator, enclave, registry } = context;
    await escrow.connect(payer).openChannel(operator, 0, DEPOSIT);
    const terms = { payer: payer.address, node: operator.address, salt: 0n };
    const id = channelId(terms);
    const { from, until } = await registry.enclave(enclave);
    const claimAt = async (timestamp: bigint, usage = opg(20)) => {
      const channel = { ...context, escrow, terms, id, meter: enclave };
      return escrow.claim(packClaims([await meteredClaim(channel, { usage, timestamp })]));
    };
    return { ...context, escrow, id, from, until, claimAt };
  }

  it("are paid what the enclave measured", async () => {
    const { escrow, id, from, claimAt } = await loadFixture(fixture);
    await expect(claimAt(from)).to.emit(escrow, "ChannelClaimed").withArgs(id, opg(20));
  });

  it("are paid after the key's end, for what it measured before", async () => {
    const { escrow, id, until, claimAt } = await loadFixture(fixture);
    await time.increaseTo(until + 86_400n);
    await expect(claimAt(until))
      .to.emit(escrow, "ClaimSkipped")
      .withArgs(id, REFUSALS.MeterNotAttested);
    await expect(claimAt(until - 1n))
      .to.emit(escrow, "ChannelClaimed")
      .withArgs(id, opg(20));
  });

  it("are not paid what was measured before the attestation", async () => {
    const { escrow, id, from, claimAt } = await loadFixture(fixture);
    await expect(claimAt(from - 1n))
      .to.emit(escrow, "ClaimSkipped")
      .withArgs(id, REFUSALS.MeterNotAttested);
  });

  it("are not paid what a revoked key measured, nor one of revoked code", async () => {
    const context = await loadFixture(fixture);
    const { escrow, registry, measurementId, operator, enclave, id, from, claimAt } = context;
    await claimAt(from, opg(10));
    await registry.revokeMeasurement(measurementId, from + 1n);
    await expect(claimAt(from + 1n))
      .to.emit(escrow, "ClaimSkipped")
      .withArgs(id, REFUSALS.MeterNotAttested);
    await claimAt(from, opg(15));
    await registry.connect(operator).revoke(enclave);
    await expect(claimAt(from))
      .to.emit(escrow, "ClaimSkipped")
      .withArgs(id, REFUSALS.MeterNotAttested);
  });
});
