import type { PGlite } from "@electric-sql/pglite";
import { expect } from "chai";
import { toUtf8String, Wallet, ZeroAddress } from "ethers";
import pino from "pino";
import { AttestedEngine } from "./attested-engine.ts";
import { createDirectDesk } from "../create-direct-desk.ts";
import type { DirectOffer } from "../direct-answer.ts";
import { EnclaveOrders } from "../enclave-orders.ts";
import { EnclaveReceipts } from "../enclave-receipts.ts";
import { NodeSigner } from "../node-signer.ts";
import { ReceiptJournal } from "../receipt-journal.ts";
import type { Standing } from "../../attested/enclave-keeper.ts";
import { EnclaveClient } from "../../attested/enclave-client.ts";
import { unlessUnknown, type Enclave } from "../../attested/enclave.ts";
import type { LanguageModel } from "../../models/served-models.ts";
import { openDatabase } from "../../storage/database.ts";
import { chatOffer, LEDGER, NODE, orderOf } from "../../testing/direct-orders.ts";
import { startEchoEnclave, type EchoEnclave } from "../../testing/echo-enclave.ts";
import { failureOf } from "../../testing/failure.ts";
import { newFolder, removeFolders } from "../../testing/folders.ts";
import { OpenGradientError } from "../../../sdk/errors.ts";
import { batchOf } from "../../../sdk/inference-batch.ts";
import { modelId } from "../../../sdk/model-id.ts";

const PUBLISHER = Wallet.createRandom().address;

type Attested = Extract<Standing, { kind: "attested" }>;

describe("direct answers of an enclave", () => {
  let database: PGlite;
  let echo: EchoEnclave;
  let client: EnclaveClient;
  let standing: Standing;
  let offer: DirectOffer;
  /** Replaces what the enclave says, for once. */
  let isCutOff = false;

  before(async () => {
    database = await openDatabase(await newFolder());
  });

  beforeEach(async () => {
    echo = await startEchoEnclave();
    client = await EnclaveClient.connect({ url: echo.url });
    standing = attested();
    isCutOff = false;
    const { contentHash } = echo.runtime;
    const form = { publisher: PUBLISHER, key: ZeroAddress, inputSize: 0, outputSize: 0 };
    offer = chatOffer({
      tier: "Attested",
      contentHash,
      modelId: modelId({ ...form, contentHash }),
    });
    await database.exec("TRUNCATE receipts, enclave_orders, receipt_signers");
  });

  afterEach(async () => {
    client.close();
    await echo.stop();
  });

  after(async () => {
    await database.close();
    await removeFolders();
  });

  function attested(): Attested {
    const cut = <T>(said: T) => {
      if (!isCutOff) return said;
      throw new OpenGradientError("ENCLAVE_UNREACHABLE", "The connection broke.", "Try again.");
    };
    const enclave: Enclave = {
      identity: () => Promise.resolve(client.identity),
      attest: () => Promise.reject(new Error("not asked for")),
      check: () => Promise.resolve(undefined),
      infer: async (question) => cut(await client.infer(question)),
      stream: async (question, onText) => cut(await client.stream(question, onText)),
      measure: (question) => client.check(question),
      recall: (question) => unlessUnknown(client.recall(question)),
      signBatch: (request) => unlessUnknown(client.signBatch(request)),
    };
    const record = {
      ...{ from: 0n, until: 1n << 40n, operator: NODE, isRevoked: false },
      measurementId: "",
    };
    return { kind: "attested", enclave, identity: client.identity, record };
  }

  function open() {
    const signer = new NodeSigner(Wallet.createRandom(), LEDGER);
    const journal = new ReceiptJournal({ database, signer });
    const orders = new EnclaveOrders(database);
    const keeper = {
      get standing() {
        return standing;
      },
    };
    // Only the publisher of a model counts here.
    const model = { publisher: PUBLISHER } as LanguageModel;
    const engine = new AttestedEngine({
      ...{ models: new Map([[offer, model]]), keeper, orders, journal, node: NODE },
      ...{ settlement: LEDGER, log: pino({ level: "silent" }) },
      signal: new AbortController().signal,
    });
    const desk = createDirectDesk({ engines: [engine], journal, settlement: LEDGER, node: NODE });
    const receipts = new EnclaveReceipts({ signer, keeper, orders, settlement: LEDGER });
    return { engine, desk, orders, receipts, signer };
  }

  async function count(table: "receipts" | "enclave_orders"): Promise<number> {
    return (await database.query(`SELECT 1 FROM ${table}`)).rows.length;
  }

  it("cost what was used, are journalled, and leave no order behind", async () => {
    const { desk } = open();
    const order = orderOf(offer, { content: "one two" });
    const most = await desk.measure(offer, "chat", order.input);
    expect(most).to.deep.equal({ inputUnits: 7n, outputUnits: 8n });
    const pieces: string[] = [];
    const { record } = await desk.answer(offer, order, { onText: (it) => pieces.push(it) });
    expect(pieces).to.deep.equal(["one", " two"]);
    expect(toUtf8String(record.output)).to.equal("one two");
    expect(record.signer).to.equal(client.identity.address);
    expect(record.receipt).to.deep.include({ fee: 5n + 70n + 8_000n, seq: 0n, tier: 1n });
    expect([await count("receipts"), await count("enclave_orders")]).to.deep.equal([1, 0]);
    expect((await desk.answer(offer, order)).isRepeated).to.equal(true);
  });

  it("are asked for again if they were signed and did not come here", async () => {
    const { desk, engine, receipts } = open();
    const order = orderOf(offer, {});
    isCutOff = true;
    expect((await failureOf(desk.answer(offer, order))).code).to.equal("ENCLAVE_UNREACHABLE");
    expect([await count("receipts"), await count("enclave_orders")]).to.deep.equal([0, 1]);
    const { address } = client.identity;
    expect(await receipts.mayFillGaps(address)).to.equal(true);

    // Another process, after this one was killed.
    const next = open();
    isCutOff = false;
    await next.engine.recover();
    expect([await count("receipts"), await count("enclave_orders")]).to.deep.equal([1, 0]);
    expect(echo.runtime.runs).to.equal(1);
    const { record, isRepeated } = await next.desk.answer(offer, order);
    expect([record.receipt.seq, isRepeated]).to.deep.equal([0n, true]);
    const other = await next.desk.answer(offer, orderOf(offer, { nonce: "other" }));
    expect(other.record.receipt.seq).to.equal(1n);
    await engine.recover();
  });

  it("are charged if the client comes back first, also for more than it allowed", async () => {
    const { desk } = open();
    isCutOff = true;
    await failureOf(desk.answer(offer, orderOf(offer, {})));
    isCutOff = false;
    let charged = 0;
    const alongside = () => {
      charged++;
      return Promise.resolve();
    };
    const frugal = orderOf(offer, { maxFee: 1n });
    expect((await failureOf(desk.answer(offer, frugal, { alongside }))).code).to.equal(
      "FEE_TOO_HIGH",
    );
    expect([charged, await count("enclave_orders")]).to.deep.equal([0, 1]);
    await desk.answer(offer, orderOf(offer, { maxFee: 10n ** 17n }), { alongside });
    expect([charged, echo.runtime.runs, await count("receipts")]).to.deep.equal([1, 1, 1]);
  });

  it("leave nothing behind if the enclave refuses them, or never saw them", async () => {
    const { desk, engine, orders } = open();
    const dear = desk.answer(offer, orderOf(offer, { maxFee: 1n }));
    expect((await failureOf(dear)).code).to.equal("FEE_TOO_HIGH");
    expect(await count("enclave_orders")).to.equal(0);
    const order = orderOf(offer, { nonce: "lost" });
    const placed = { requestId: `0x${"11".repeat(32)}`, key: client.identity.address, order };
    await orders.place(placed);
    await engine.recover();
    expect([await count("receipts"), await count("enclave_orders")]).to.deep.equal([0, 0]);
    await orders.place({ ...placed, key: PUBLISHER });
    await engine.recover();
    expect(await count("enclave_orders")).to.equal(0);
  });

  it("are not given without an enclave whose key counts", async () => {
    const { desk } = open();
    const order = orderOf(offer, {});
    const now = attested();
    for (const bad of [
      { kind: "preparing", reason: "it starts" } as const,
      { ...now, record: { ...now.record, until: 1n } },
    ]) {
      standing = bad;
      expect((await failureOf(desk.answer(offer, order))).code).to.equal("ENCLAVE_UNAVAILABLE");
      const measured = desk.measure(offer, "chat", order.input);
      expect((await failureOf(measured)).code).to.equal("ENCLAVE_UNAVAILABLE");
    }
    expect(await count("enclave_orders")).to.equal(0);
  });

  it("are committed under the enclave's signature, or the node's once the enclave is gone", async () => {
    const { desk, receipts, signer } = open();
    const { record } = await desk.answer(offer, orderOf(offer, {}));
    const { address } = client.identity;
    const batch = batchOf(address, [record]);
    const own = await receipts.signatureOf(batch);
    expect(own).not.to.equal(signer.signBatch(batch));
    expect(receipts.isGone(address)).to.equal(false);
    expect([receipts.isGone(signer.address), receipts.isGone(PUBLISHER)]).to.deep.equal([
      false,
      true,
    ]);
    // More than the enclave remembers to have signed.
    const foreign = { ...batch, firstSeq: 5n };
    expect(await receipts.signatureOf(foreign)).to.equal(signer.signBatch(foreign));
    standing = { kind: "unavailable", reason: "it is gone" };
    expect(await receipts.signatureOf(batch)).to.equal(signer.signBatch(batch));
    expect(receipts.isGone(address)).to.equal(false);
  });
});
