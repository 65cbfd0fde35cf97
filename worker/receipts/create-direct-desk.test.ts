import type { PGlite } from "@electric-sql/pglite";
import { expect } from "chai";
import { id, toUtf8String, Wallet } from "ethers";
import { createDirectDesk } from "./create-direct-desk.ts";
import type { DirectOrder } from "./direct-answer.ts";
import type { DirectDesk } from "./direct-desk.ts";
import { RuntimeEngine } from "./engines/runtime-engine.ts";
import { NodeSigner } from "./node-signer.ts";
import { ReceiptJournal } from "./receipt-journal.ts";
import { SteadyClock } from "../enclave/clock.ts";
import { openDatabase } from "../storage/database.ts";
import { chatInput, chatOffer, LEDGER, NODE, orderOf } from "../testing/direct-orders.ts";
import { EchoRuntime } from "../testing/echo-runtime.ts";
import { failureOf } from "../testing/failure.ts";
import { newFolder, removeFolders } from "../testing/folders.ts";
import { quoteHash } from "../../sdk/price-quote.ts";

const offer = chatOffer();

describe("the desk for direct requests", () => {
  let database: PGlite;
  let runtime: EchoRuntime;
  let desk: DirectDesk;

  beforeEach(async () => {
    database = await openDatabase(await newFolder());
    runtime = new EchoRuntime();
    const signer = new NodeSigner(Wallet.createRandom(), LEDGER);
    desk = createDirectDesk({
      engines: [
        new RuntimeEngine({ runtimes: new Map([[offer, runtime]]), clock: new SteadyClock() }),
      ],
      journal: new ReceiptJournal({ database, signer }),
      settlement: LEDGER,
      node: NODE,
    });
  });

  afterEach(async () => {
    await database.close();
    await removeFolders();
  });

  async function receipts(): Promise<number> {
    return (await database.query("SELECT 1 FROM receipts")).rows.length;
  }

  it("says what an answer can use at most, and answers within that", async () => {
    const order = orderOf(offer, { content: "hi there" });
    const most = await desk.measure(offer, "chat", order.input);
    expect(most).to.deep.equal({ inputUnits: 8n, outputUnits: 9n });
    const pieces: string[] = [];
    const { record, isRepeated } = await desk.answer(offer, order, {
      onText: (piece) => pieces.push(piece),
    });
    expect(isRepeated).to.equal(false);
    expect(pieces.join("")).to.equal("hi there");
    expect(toUtf8String(record.output)).to.equal("hi there");
    expect(record.receipt).to.deep.include(most);
    expect(record.receipt.fee).to.equal(5n + 8n * 10n + 9n * 1_000n);
    expect(record.finishReason).to.equal("stop");
  });

  it("gives the same answer again, and charges once", async () => {
    const order = orderOf(offer, {});
    let charged = 0;
    const alongside = () => {
      charged++;
      return Promise.resolve();
    };
    const release = runtime.hold();
    const together = [1, 2, 3].map(() => desk.answer(offer, order, { alongside }));
    release();
    const answers = await Promise.all(together);
    answers.push(await desk.answer(offer, order, { alongside }));
    expect(answers.map(({ isRepeated }) => isRepeated)).to.deep.equal([false, true, true, true]);
    const [first] = answers;
    for (const { record } of answers) expect(record).to.deep.equal(first?.record);
    expect([charged, runtime.runs, await receipts()]).to.deep.equal([1, 1, 1]);
  });

  it("does not let one who gives up take the answer from others", async () => {
    const order = orderOf(offer, {});
    const controller = new AbortController();
    const release = runtime.hold();
    const first = desk.answer(offer, order, { signal: controller.signal });
    const second = desk.answer(offer, order);
    await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    expect(await first.catch((error: unknown) => error)).to.equal(controller.signal.reason);
    release();
    expect((await second).isRepeated).to.equal(false);
    expect(await receipts()).to.equal(1);
  });

  it("journals nothing that is not paid for", async () => {
    const poor = orderOf(offer, { maxFee: 6_054n });
    expect((await failureOf(desk.answer(offer, poor))).code).to.equal("FEE_TOO_HIGH");
    const broken = desk.answer(offer, orderOf(offer, {}), {
      alongside: () => Promise.reject(new Error("no money")),
    });
    expect(await broken.catch(String)).to.equal("Error: no money");
    const fails = orderOf(offer, { content: "fail" });
    expect((await failureOf(desk.answer(offer, fails))).code).to.equal("RUNTIME_FAILED");
    expect(await receipts()).to.equal(0);
    const { record } = await desk.answer(offer, orderOf(offer, { maxFee: 6_055n }));
    expect(record.receipt).to.deep.include({ seq: 0n, fee: 6_055n });
  });

  it("signs nothing that contradicts the request's terms", async () => {
    const order = orderOf(offer, {});
    const { request, quote } = order;
    const stranger = Wallet.createRandom().address;
    const dear = { ...quote, base: 6n };
    const elsewhere = { ...quote, node: stranger };
    const bent: readonly DirectOrder[] = [
      { ...order, input: chatInput("other") },
      { ...order, quote: dear },
      { ...order, request: { ...request, modelId: id("other") } },
      { ...order, request: { ...request, tier: 1n } },
      { ...order, request: { ...request, node: stranger } },
      {
        ...order,
        quote: elsewhere,
        request: { ...request, quoteHash: quoteHash(elsewhere) },
      },
    ];
    for (const it of bent)
      expect((await failureOf(desk.answer(offer, it))).code).to.equal("DIRECT_REQUEST_INVALID");
    expect(runtime.runs).to.equal(0);
    const measured = desk.measure(offer, "tensor", order.input);
    expect((await failureOf(measured)).code).to.equal("DIRECT_REQUEST_INVALID");
  });

  it("refuses what the model does not take before it is paid for", async () => {
    const nonsense = desk.measure(offer, "chat", new Uint8Array([1]));
    expect((await failureOf(nonsense)).code).to.equal("CHAT_REQUEST_INVALID");
  });
});
