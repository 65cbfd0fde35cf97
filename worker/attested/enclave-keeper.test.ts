import { expect } from "chai";
import pino from "pino";
import { OpenGradientError } from "../../sdk/errors.ts";
import { WorkerEvents } from "../events.ts";
import {
  FakeChain,
  fakeAttestation,
  FakeEnclave,
  FakeKeyTransactions,
  LIFETIME,
  MEASUREMENT,
  OPERATOR,
  refusal,
} from "../testing/attested-fakes.ts";
import { EnclaveKeeper } from "./enclave-keeper.ts";

const NO_MONEY = new OpenGradientError("ACCOUNT_UNFUNDED", "no ETH", "Send it ETH.");

describe("enclave keeper", () => {
  let chain: FakeChain;
  let transactions: FakeKeyTransactions;
  let opened: FakeEnclave[];
  let hasMoney: boolean;
  let isOpen: boolean;
  let patienceMs: number;
  let attested: number;
  let stopping: AbortController;
  let keeper: EnclaveKeeper;

  beforeEach(() => {
    chain = new FakeChain();
    transactions = new FakeKeyTransactions(chain);
    opened = [];
    hasMoney = true;
    isOpen = true;
    patienceMs = 60_000;
    attested = 0;
    stopping = new AbortController();
    keeper = newKeeper();
  });

  afterEach(() => {
    stopping.abort();
  });

  function newKeeper(): EnclaveKeeper {
    return new EnclaveKeeper({
      open: () => {
        if (!isOpen) return Promise.reject(new Error("it does not start"));
        const enclave = new FakeEnclave();
        opened.push(enclave);
        return Promise.resolve(enclave);
      },
      attestationOf: () => {
        attested += 1;
        return fakeAttestation();
      },
      ledger: chain,
      transactions,
      requireGasMoney: () => (hasMoney ? Promise.resolve() : Promise.reject(NO_MONEY)),
      operator: OPERATOR,
      events: new WorkerEvents(),
      log: pino({ level: "silent" }),
      checkIntervalMs: 5,
      chainPatienceMs: patienceMs,
      signal: stopping.signal,
    });
  }

  const enclave = (index = 0): FakeEnclave => {
    const found = opened[index];
    if (found === undefined) throw new Error("no such enclave was opened");
    return found;
  };
  const keyOf = (index = 0) => enclave(index).key.address;

  async function failure(act: () => Promise<unknown>): Promise<OpenGradientError> {
    const error: unknown = await act().then(
      () => undefined,
      (cause: unknown) => cause,
    );
    if (error instanceof OpenGradientError) return error;
    throw new Error(`no refusal: ${String(error)}`);
  }

  it("attests a key once, and then leaves it alone", async () => {
    await keeper.advance();
    await keeper.advance();
    expect(transactions.log).to.deep.equal([`attest ${keyOf()}`]);
    const { standing } = keeper;
    expect(standing.kind === "attested" && standing.record.until).to.equal(chain.time + LIFETIME);
    expect(opened).to.have.length(1);
  });

  it("sends nothing when it only checks", async () => {
    await keeper.check();
    expect(transactions.log).to.deep.equal([]);
    expect(keeper.standing.kind).to.equal("preparing");
  });

  it("does not attest again what another process has signed before it was killed", async () => {
    await keeper.check();
    transactions.known.add(keyOf());
    transactions.pending.set(keyOf(), "attest");
    await keeper.advance();
    expect(transactions.log).to.deep.equal([]);
    expect(keeper.standing.kind).to.equal("attested");
  });

  it("renews when a third of the lifetime is left, not before", async () => {
    await keeper.advance();
    chain.time += LIFETIME - LIFETIME / 3n;
    await keeper.advance();
    expect(transactions.log).to.have.length(1);
    chain.time += 1n;
    await keeper.advance();
    expect(transactions.log.at(-1)).to.equal(`renew ${keyOf()}`);
    const { standing } = keeper;
    expect(standing.kind === "attested" && standing.record.until).to.equal(chain.time + LIFETIME);
  });

  it("does not renew code that is not trusted any more, and goes on with the key until it ends", async () => {
    await keeper.advance();
    chain.time += LIFETIME - 1n;
    chain.trust = { from: 1n, until: chain.time };
    const error = await failure(() => keeper.advance());
    expect(error.code).to.equal("MEASUREMENT_NOT_TRUSTED");
    expect(transactions.log).to.have.length(1);
    expect(keeper.standing.kind).to.equal("attested");
  });

  it("names the measurement that is not approved, and what to do", async () => {
    chain.trust = undefined;
    for (const act of [() => keeper.check(), () => keeper.advance()]) {
      const { code, message, hint } = await failure(act);
      expect(code).to.equal("MEASUREMENT_NOT_TRUSTED");
      expect(message).to.include(MEASUREMENT);
      expect(hint).to.include("opg attest measurement").and.to.include("opg attest approve");
    }
    expect(transactions.log).to.deep.equal([]);
  });

  it("does not take trust that has yet to begin for trust", async () => {
    chain.trust = { from: chain.time + 1n, until: chain.time + 2n };
    expect((await failure(() => keeper.check())).message).to.include("before 1970");
  });

  it("signs nothing that the account cannot pay for", async () => {
    hasMoney = false;
    expect((await failure(() => keeper.check())).code).to.equal("ACCOUNT_UNFUNDED");
    expect((await failure(() => keeper.advance())).code).to.equal("ACCOUNT_UNFUNDED");
    expect(transactions.log).to.deep.equal([]);
  });

  it("attests the new key of an enclave that has restarted, and retires the old one", async () => {
    await keeper.advance();
    enclave().die("killed");
    await enclave().ended;
    await keeper.advance();
    expect(transactions.log).to.deep.equal([
      `attest ${keyOf(0)}`,
      `attest ${keyOf(1)}`,
      `retire ${keyOf(0)}`,
    ]);
    expect([...transactions.known]).to.deep.equal([keyOf(1)]);
    expect(chain.records.get(keyOf(0))?.until).to.equal(chain.time);
  });

  it("does not pay for the attestation of a key that is gone", async () => {
    const gone = "0x00000000000000000000000000000000000000aa";
    transactions.known.add(gone);
    transactions.pending.set(gone, "attest");
    await keeper.advance();
    expect(transactions.log).to.deep.equal([`give up ${gone}`, `attest ${keyOf()}`]);
    expect(chain.records.has(gone)).to.equal(false);
    expect([...transactions.known]).to.deep.equal([keyOf()]);
  });

  it("settles what was signed before although no enclave can be reached: jobs wait behind it", async () => {
    const gone = "0x00000000000000000000000000000000000000aa";
    transactions.known.add(gone);
    transactions.pending.set(gone, "attest");
    isOpen = false;
    await keeper.advance().then(
      () => expect.fail("it advanced"),
      () => undefined,
    );
    expect(transactions.log).to.deep.equal([`give up ${gone}`]);
    expect(chain.records.has(gone)).to.equal(false);
  });

  it("retires the former key although its attestation was faster than what took its place", async () => {
    const former = "0x00000000000000000000000000000000000000aa";
    transactions.known.add(former);
    chain.carryOut(former, "attest");
    await keeper.advance();
    expect(transactions.log).to.deep.equal([`attest ${keyOf()}`, `retire ${former}`]);
  });

  it("keeps on with a former key whose retirement was refused", async () => {
    const former = "0x00000000000000000000000000000000000000aa";
    await keeper.advance();
    transactions.known.add(former);
    chain.carryOut(former, "attest");
    transactions.outcome = "reverted";
    await keeper.advance();
    expect([...transactions.known]).to.include(former);
  });

  it("is unavailable, and says why, when the enclave cannot be reached; and comes back", async () => {
    await keeper.check();
    enclave().isReachable = false;
    const running = keeper.run();
    await until(() => keeper.standing.kind === "attested");
    expect(enclave(0).isClosed).to.equal(true);
    expect(transactions.log).to.deep.equal([`attest ${keyOf(1)}`]);
    stopping.abort();
    await running;
  });

  it("has requests wait while failures may pass, and says why when they do not", async () => {
    isOpen = false;
    const kinds: string[] = [];
    const running = keeper.run();
    await until(() => {
      const { kind } = keeper.standing;
      if (kinds.at(-1) !== kind) kinds.push(kind);
      return kind === "unavailable";
    });
    expect(kinds).to.deep.equal(["preparing", "unavailable"]);
    const { standing } = keeper;
    expect(standing.kind === "unavailable" && standing.reason).to.equal("it does not start");
    stopping.abort();
    await running;
  });

  it("has no request wait for code that is not trusted", async () => {
    chain.trust = undefined;
    const running = keeper.run();
    await until(() => keeper.standing.kind === "unavailable");
    stopping.abort();
    await running;
    expect(opened).to.have.length(1);
  });

  it("starts another enclave at once when one ends", async () => {
    const running = keeper.run();
    await until(() => keeper.standing.kind === "attested");
    enclave().die("killed");
    await until(() => opened.length === 2 && keeper.standing.kind === "attested");
    stopping.abort();
    await running;
    expect(transactions.log.filter((line) => line.startsWith("attest"))).to.have.length(2);
  });

  for (const [name, change] of [
    ["was revoked", { isRevoked: true }],
    ["has expired", { until: 1n }],
  ] as const)
    it(`replaces an enclave whose key ${name}`, async () => {
      await keeper.advance();
      const record = chain.records.get(keyOf());
      if (record === undefined) throw new Error("the key is not attested");
      chain.records.set(keyOf(), { ...record, ...change });
      const error = await failure(() => keeper.advance());
      expect(error.message).to.include(`its key ${name}`);
      expect(enclave().isClosed).to.equal(true);
      await keeper.advance();
      expect(transactions.log.at(-1)).to.equal(`attest ${keyOf(1)}`);
    });

  it("does not use a key that was attested for somebody else", async () => {
    await keeper.check();
    chain.carryOut(keyOf(), "attest");
    const record = chain.records.get(keyOf());
    if (record === undefined) throw new Error("the key is not attested");
    chain.records.set(keyOf(), { ...record, operator: keyOf() });
    expect((await failure(() => keeper.advance())).code).to.equal("ENCLAVE_UNAVAILABLE");
    expect(keeper.standing.kind).not.to.equal("attested");
  });

  describe("whose enclave's clock is ahead of the chain", () => {
    const notYet = (lead: bigint) => refusal("CertStoreNotValidNow", 4, 500n + lead, 9_000, 500);

    it("brings the same attestation again once the chain has come to its time", async () => {
      transactions.refusals.push(notYet(5n), notYet(1n));
      transactions.refusals.push(refusal("EnclaveRegistryBadTime", 801, 0, 800));
      await keeper.advance();
      expect(transactions.refusals).to.deep.equal([]);
      expect(transactions.log).to.deep.equal([`attest ${keyOf()}`]);
      expect(attested).to.equal(1);
      expect(keeper.standing.kind).to.equal("attested");
    });

    it("says that the chain is behind when it stays so", async () => {
      patienceMs = 0;
      keeper = newKeeper();
      transactions.refusals.push(notYet(7n));
      const error = await failure(() => keeper.advance());
      expect(error.code).to.equal("CHAIN_BEHIND");
      expect(error.message).to.include("is 7 s too old");
      expect(error.retryable).to.equal(true);
      expect(transactions.log).to.deep.equal([]);
    });

    it("waits no longer than its enclave lives, nor than it is stopped", async () => {
      const always = notYet(5n);
      transactions.refusals.push(...Array.from({ length: 10_000 }, () => always));
      const advanced = keeper.advance().catch((error: unknown) => String(error));
      await until(() => transactions.refusals.length < 9_999);
      enclave().die("killed");
      expect(await advanced).to.include("ended while the chain was behind");
      const running = keeper.run();
      await until(() => opened.length === 2);
      stopping.abort();
      await running;
      expect(transactions.log).to.deep.equal([]);
    });

    it("does not wait for what is over: a certificate, or a document", async () => {
      for (const over of [
        refusal("CertStoreNotValidNow", 4, 1, 2, 3),
        refusal("EnclaveRegistryBadTime", 1, 2, 3),
      ]) {
        transactions.refusals.push(over);
        expect((await failure(() => keeper.advance())).code).to.equal("ATTESTATION_REFUSED");
      }
      expect(attested).to.equal(2);
    });
  });

  it("takes it for its own when somebody else has brought its attestation first", async () => {
    await keeper.check();
    chain.carryOut(keyOf(), "attest");
    const mine = chain.recordOf.bind(chain);
    let looks = 0;
    chain.recordOf = (key) => (++looks === 1 ? Promise.resolve(undefined) : mine(key));
    transactions.refusals.push(refusal("EnclaveRegistryKeyKnown", keyOf()));
    await keeper.advance();
    expect(keeper.standing.kind).to.equal("attested");
    expect(transactions.log).to.deep.equal([]);
  });

  it("takes it for its own also when that shows only once its transaction is mined", async () => {
    const send = transactions.send.bind(transactions);
    transactions.send = async (key, call) => {
      await send(key, call);
      return "reverted";
    };
    await keeper.advance();
    expect(keeper.standing.kind).to.equal("attested");
  });

  it("does not take a key for its own that was attested for another operator meanwhile", async () => {
    const send = transactions.send.bind(transactions);
    transactions.send = async (key, call) => {
      await send(key, call);
      const record = chain.records.get(key);
      if (record !== undefined) chain.records.set(key, { ...record, operator: key });
      return "reverted";
    };
    expect((await failure(() => keeper.advance())).code).to.equal("ENCLAVE_UNAVAILABLE");
    expect(keeper.standing.kind).to.equal("preparing");
  });

  it("says that an attestation was refused when mined, and tries again", async () => {
    transactions.outcome = "reverted";
    expect((await failure(() => keeper.advance())).code).to.equal("ATTESTATION_REFUSED");
    transactions.outcome = "mined";
    await keeper.advance();
    expect(keeper.standing.kind).to.equal("attested");
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("it has not come true");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
