import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { expect } from "chai";
import { concat, getBytes, JsonRpcProvider, parseEther, Transaction, Wallet } from "ethers";
import pino from "pino";
import { developmentAccount, startLocalChain, type LocalChain } from "../../scripts/local-chain.ts";
import { bindingHash, MEASUREMENT_KINDS, nonceOf, tdxReportData } from "../../sdk/enclave.ts";
import {
  ScriptedDcapAttestation__factory,
  TdxVerifier__factory,
  type ScriptedDcapAttestation,
} from "../../typechain-types/index.js";
import { attestationOf } from "../../worker/attested/attestation.ts";
import { EnclaveKeeper } from "../../worker/attested/enclave-keeper.ts";
import { readEnclaveLedger } from "../../worker/attested/enclave-ledger.ts";
import { KeyTransactions } from "../../worker/attested/key-transactions.ts";
import { Submitter } from "../../worker/chain/submitter.ts";
import { TransactionJournal } from "../../worker/chain/transaction-journal.ts";
import type { AttestRequest, EnclaveIdentity } from "../../worker/enclave/protocol.ts";
import { WorkerEvents } from "../../worker/events.ts";
import { openDatabase } from "../../worker/storage/database.ts";
import { FakeEnclave } from "../../worker/testing/attested-fakes.ts";
import { approvalOf } from "../fixtures/attested.ts";
import { expectCode } from "../fixtures/errors.ts";
import { openMarket } from "../fixtures/market.ts";
import { fundedProtocolOn, type Fixture } from "../fixtures/protocol.ts";
import { MRTD, outputOf, quoteOf, reportOf, RTMRS } from "../fixtures/tdx-quotes.ts";

const FEE = 1_000n;
const HOUR = 3_600n;

/** Position of the node's signer among the fixture's actors. */
const NODE_SIGNER_INDEX = 3;

/** A guest whose quotes the DCAP contract accepts for a fee. */
class TdxGuest extends FakeEnclave {
  readonly #dcap: ScriptedDcapAttestation;

  constructor(dcap: ScriptedDcapAttestation) {
    super();
    this.#dcap = dcap;
  }

  override async identity(): Promise<EnclaveIdentity> {
    return { ...(await super.identity()), kind: "TdxSim" };
  }

  override async attest({ blockHash, ...owner }: AttestRequest): Promise<Uint8Array> {
    const { tlsKeyHash, address } = await this.identity();
    const nonce = nonceOf(blockHash, bindingHash({ ...owner, tlsKeyHash }));
    const report = reportOf({ reportData: tdxReportData(address, nonce) });
    await this.#dcap.script(true, outputOf(report), FEE);
    return getBytes(quoteOf(report));
  }
}

describe("worker with an enclave of Intel's", () => {
  let chain: LocalChain;
  let fixture: Fixture;
  let dcap: ScriptedDcapAttestation;
  let provider: JsonRpcProvider;
  let database: PGlite;
  let folder: string;

  const account = new Wallet(developmentAccount(NODE_SIGNER_INDEX).privateKey);

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "attested-tdx-"));
    database = await openDatabase(folder);
    chain = await startLocalChain();
    fixture = await fundedProtocolOn(chain.connection);
    await openMarket(fixture);
    const { governor, enclaveRegistry } = fixture;
    dcap = await new ScriptedDcapAttestation__factory(governor).deploy();
    const tdxSim = await new TdxVerifier__factory(governor).deploy(dcap);
    const factory = await chain.connection.ethers.getContractFactory("EnclaveRegistry", governor);
    const [nitro, tdx, nitroSim] = await Promise.all([
      enclaveRegistry.NITRO_VERIFIER(),
      enclaveRegistry.TDX_VERIFIER(),
      enclaveRegistry.NITRO_SIM_VERIFIER(),
    ]);
    const verifiers = { nitro, tdx, nitroSim, tdxSim };
    const implementation = await factory.deploy(fixture.nodeRegistry, verifiers);
    await enclaveRegistry.upgradeToAndCall(implementation, "0x");
    const registers = concat([MRTD, RTMRS]);
    const approval = approvalOf({ kind: MEASUREMENT_KINDS.TdxSim, registers });
    await enclaveRegistry.approveMeasurement(approval);
    provider = new JsonRpcProvider(chain.rpcUrl, undefined, { cacheTimeout: -1 });
  });

  beforeEach(() => fixture.enclaveRegistry.setKeyLifetime(HOUR));

  after(async () => {
    provider.destroy();
    await chain.close();
    await database.close();
    await rm(folder, { recursive: true });
  });

  /** Keeps the key of a new guest, and may pay so much for checking its quotes. */
  function keep(maxDcapFee: bigint): { keeper: EnclaveKeeper; guest: TdxGuest } {
    const { enclaveRegistry, operator, deployment } = fixture;
    const { chainId, addresses } = deployment;
    const guest = new TdxGuest(dcap);
    const { signal } = new AbortController();
    const registry = enclaveRegistry.connect(provider);
    const ledger = readEnclaveLedger(registry, provider, 1);
    const transactions = new TransactionJournal(database);
    const events = new WorkerEvents();
    const log = pino({ level: "silent" });
    const submitter = new Submitter({
      ...{ wallet: account.connect(provider), provider, chainId, journal: transactions },
      ...{ confirmations: 1, pollingIntervalMs: 50, bumpAfterMs: 10_000 },
      ...{ maxFeePerGas: 10n ** 10n, events, log, signal },
    });
    const source = { chainId, registry, operator: operator.address, ledger, maxDcapFee };
    const keeper = new EnclaveKeeper({
      open: () => Promise.resolve(guest),
      attestationOf: (enclave, identity) => attestationOf(source, enclave, identity),
      transactions: new KeyTransactions({
        ...{ database, transactions, submitter, registry: addresses.enclaveRegistry },
      }),
      requireGasMoney: () => Promise.resolve(),
      ...{ ledger, operator: operator.address, events, log, checkIntervalMs: 100, signal },
    });
    return { keeper, guest };
  }

  /** All transactions about a guest's key. */
  async function journalled({ key }: TdxGuest): Promise<readonly Transaction[]> {
    const { rows } = await database.query<{ raw: string }>(
      "SELECT raw FROM transactions WHERE subject = $1 ORDER BY nonce",
      [key.address],
    );
    return rows.map(({ raw }) => Transaction.from(raw));
  }

  it("pays the DCAP contract's fee at each attestation, and gets back what is left", async () => {
    const most = parseEther("0.01");
    const { keeper, guest } = keep(most);
    const [before, taken] = await Promise.all([
      provider.getBalance(account.address),
      provider.getBalance(dcap),
    ]);
    await keeper.advance();
    await fixture.enclaveRegistry.setKeyLifetime(4n * HOUR);
    await keeper.advance();
    await keeper.advance();
    const record = await fixture.enclaveRegistry.enclave(guest.key.address);
    expect(record.until - record.from).to.be.at.least(4n * HOUR);
    expect(await provider.getBalance(dcap)).to.equal(taken + 2n * FEE);
    const sent = await journalled(guest);
    expect(sent.map(({ value }) => value)).to.deep.equal([most, most]);
    let gas = 0n;
    for (const { hash } of sent)
      gas += (await provider.getTransactionReceipt(hash ?? ""))?.fee ?? 0n;
    expect(await provider.getBalance(account.address)).to.equal(before - gas - 2n * FEE);
  });

  it("says what to do where the fee is more than it may pay, and signs nothing", async () => {
    const { keeper, guest } = keep(FEE - 1n);
    const { hint } = await expectCode(() => keeper.advance(), "ATTESTATION_REFUSED");
    expect(hint).to.include("maxDcapFee");
    expect(await journalled(guest)).to.deep.equal([]);
    const { keeper: richer } = keep(FEE);
    await richer.advance();
    expect(richer.standing.kind).to.equal("attested");
  });
});
