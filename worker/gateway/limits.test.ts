import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { gatewayConfigSchema } from "./config.ts";
import { startGateway } from "./server.ts";
import { failureOf } from "../testing/failure.ts";
import { startFakeGateway, type FakeGateway } from "../testing/fake-gateway.ts";
import type { FakeGatewayOptions } from "../testing/fake-gateway.ts";
import { PAYER_HEADER } from "../testing/fake-payments.ts";
import { newFolder, removeFolders } from "../testing/folders.ts";

const PATH = "/v1/chat/completions";

/** More than the buffers of a connection on one machine hold. */
const LONG = Array.from({ length: 20_000 }, () => "word".repeat(4))
  .join(" ")
  .slice(0, 250_000);

describe("paid gateway, under load", () => {
  let node: FakeGateway;

  const open = async (options: FakeGatewayOptions = {}) => {
    node = await startFakeGateway(options);
    return node;
  };

  afterEach(() => node.stop());

  const bodyOf = (content: string, more: object = {}) =>
    JSON.stringify({ model: "echo", messages: [{ role: "user", content }], ...more });

  const ask = (
    content: string,
    {
      payer = "a",
      signal,
      ...more
    }: { payer?: string; signal?: AbortSignal; stream?: boolean } = {},
  ) =>
    fetch(`${node.url}${PATH}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", [PAYER_HEADER]: payer },
      body: bodyOf(content, more),
      ...(signal && { signal }),
    });

  const until = async (holds: () => boolean) => {
    for (let i = 0; i < 500 && !holds(); i++) await setTimeout(10);
    expect(holds(), "it did not come to that in five seconds").to.equal(true);
  };

  const codeOf = async (response: Response) => {
    const { error } = (await response.json()) as { error: { code: string } };
    return error.code;
  };

  it("lets payers take turns: one request does not wait for a hundred", async () => {
    const { desk } = await open({ limits: { concurrent: 1 } });
    const release = desk.hold();
    const order: string[] = [];
    const note = async (payer: string) => {
      const response = await ask(payer, { payer });
      expect(response.status).to.equal(200);
      order.push(payer);
    };
    const first = note("greedy");
    await until(() => desk.begun.length === 1);
    const greedy = Array.from({ length: 100 }, () => note("greedy"));
    await until(() => node.payments.counts.admitted === 101);
    const modest = note("modest");
    await until(() => node.payments.counts.admitted === 102);
    release();
    await Promise.all([first, ...greedy, modest]);
    expect(order.indexOf("modest")).to.be.lessThan(5);
  });

  it("refuses more than may wait, says when to ask again, and holds nobody's money", async () => {
    const { desk, payments } = await open({ limits: { concurrent: 1, waitingPerPayer: 2 } });
    const release = desk.hold();
    const asked = Array.from({ length: 10 }, () => ask("hi"));
    await until(() => payments.counts.released === 7);
    release();
    const responses = await Promise.all(asked);
    const refused = responses.filter(({ status }) => status === 429);
    expect(refused).to.have.length(7);
    for (const response of refused) {
      expect(Number(response.headers.get("retry-after"))).to.be.within(1, 60);
      expect(await codeOf(response)).to.equal("too_many_requests");
    }
    expect(payments.counts).to.include({ charged: 3, concluded: 3 });
    expect(payments.open).to.equal(0);
  });

  it("refuses more than it takes at all, before anything is reserved", async () => {
    const { desk, payments } = await open({ limits: { open: 3 } });
    const release = desk.hold();
    const asked = Array.from({ length: 3 }, () => ask("hi"));
    await until(() => desk.begun.length === 3);
    const fourth = await ask("hi");
    expect([fourth.status, await codeOf(fourth)]).to.deep.equal([429, "overloaded"]);
    expect(fourth.headers.get("retry-after")).to.equal("1");
    expect(payments.counts.admitted).to.equal(3);
    release();
    await Promise.all(asked);
    expect((await ask("hi")).status).to.equal(200);
  });

  it("limits how long a request waits, and how long an answer takes", async () => {
    const { desk, payments } = await open({
      limits: { concurrent: 1, waitMs: 50, answerMs: 300 },
    });
    desk.hold();
    const slow = ask("hi");
    await until(() => desk.begun.length === 1);
    const waited = await ask("hi");
    expect([waited.status, await codeOf(waited)]).to.deep.equal([429, "waited_too_long"]);
    const answered = await slow;
    expect([answered.status, await codeOf(answered)]).to.deep.equal([504, "answer_too_slow"]);
    expect(desk.abandoned).to.equal(1);
    expect(payments.counts).to.deep.equal({ admitted: 2, charged: 0, concluded: 0, released: 2 });
  });

  it("gives up what its client left: while it waits, is computed, or streams", async () => {
    const { desk, payments } = await open({ limits: { concurrent: 1 } });
    const release = desk.hold();
    const controller = new AbortController();
    const { signal } = controller;
    const left = [ask("a", { signal }), ask("b", { signal }), ask("c", { signal, stream: true })];
    await until(() => payments.counts.admitted === 3);
    const staying = ask("d");
    await until(() => payments.counts.admitted === 4);
    controller.abort();
    for (const result of await Promise.allSettled(left)) expect(result.status).to.equal("rejected");
    await until(() => payments.counts.released === 3);
    release();
    expect((await staying).status).to.equal(200);
    expect(payments.counts).to.deep.equal({ admitted: 4, charged: 1, concluded: 1, released: 3 });
    expect(desk.abandoned).to.equal(1);
    // It is nobody's failure.
    expect(node.logged.join("")).to.not.include("A request failed.");
  });

  it("ends the answer of a stream whose reader goes away half-way", async () => {
    const { desk, payments } = await open();
    const controller = new AbortController();
    const response = await ask(LONG, { stream: true, signal: controller.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    controller.abort();
    await until(() => payments.open === 0);
    // Either it was complete by then, and charged, or it was given up, and not.
    expect(payments.counts.concluded + desk.abandoned).to.equal(1);
    expect(payments.counts.charged).to.equal(payments.counts.concluded);
    const streams =
      await node.gateway.metrics.registry.getSingleMetricAsString("gateway_streams_open");
    expect(streams).to.match(/gateway_streams_open 0/);
  });

  it("disconnects readers that do not read, and holds up nobody else meanwhile", async () => {
    const { payments } = await open({ limits: { concurrent: 1, sendMs: 300 } });
    const socket = connect(node.port, "127.0.0.1");
    socket.pause();
    const body = bodyOf(LONG, { stream: true });
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    await until(() => payments.counts.concluded === 1);
    // The one place is free again, though the reader has not read a byte.
    expect((await ask("hi")).status).to.equal(200);
    const received = await receivedAfter(socket, 1_500);
    expect(received).to.include("200 OK").and.to.not.include("[DONE]");
    expect(socket.closed || socket.destroyed || socket.readableEnded).to.equal(true);
  });

  it("streams at its reader's pace", async () => {
    await open({ limits: { sendMs: 5_000 } });
    const response = await ask(LONG, { stream: true });
    let text = "";
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      if (text.length < 200_000) await setTimeout(1);
      text += chunk;
    }
    expect(text).to.match(/data: \[DONE\]\n\n$/);
    const said = [...text.matchAll(/"content":"([^"]*)"/g)].map(([, piece]) => piece).join("");
    expect(said.startsWith(LONG)).to.equal(true);
  });

  it("does not wait for bodies for ever", async () => {
    await open({ limits: { requestMs: 1_000 } });
    const socket = connect(node.port, "127.0.0.1");
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\n` +
        `Content-Length: 1000\r\n\r\n{`,
    );
    expect(await received(socket)).to.include("408 Request Timeout");
  });

  describe("readiness", () => {
    it("says what is missing, asks for it once a second, and tells nobody why", async () => {
      let looked = 0;
      await open({
        checks: {
          chain: () => Promise.reject(new Error(`at 10.0.0.9, ${++looked}`)),
          database: () => Promise.resolve(),
        },
      });
      for (let i = 0; i < 5; i++) {
        const response = await fetch(`${node.url}/readyz`);
        expect(response.status).to.equal(503);
        expect(await response.json()).to.deep.equal({
          status: "not ready",
          checks: { chain: "failing", database: "ok" },
        });
      }
      expect(looked).to.equal(1);
      expect(node.logged.join("")).to.include("10.0.0.9");
    });
  });

  describe("stop", () => {
    it("begins nothing new, and lets end what is under way", async () => {
      const { desk, payments } = await open({ limits: { stopMs: 5_000 } });
      const release = desk.hold();
      const slow = ask("slow");
      await until(() => desk.begun.length === 1);
      // Opened before, and used after it stopped listening.
      const late = connect(node.port, "127.0.0.1");
      await once(late, "connect");
      late.write(`POST ${PATH} HTTP/1.1\r\n`);
      await setTimeout(20);
      const stopped = [node.stop(), node.stop()];
      const body = bodyOf("late");
      late.write(
        `Host: node\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      const refused = await received(late);
      expect(refused).to.include("503 Service Unavailable").and.to.include("stopping");
      expect(refused.toLowerCase())
        .to.include("retry-after: 5")
        .and.to.include("connection: close");
      release();
      const response = await slow;
      expect(response.status).to.equal(200);
      await Promise.all(stopped);
      expect(payments.counts).to.include({ charged: 1, concluded: 1 });
      const gone: unknown = await ask("hi").catch((error: unknown) => error);
      expect(gone).to.be.instanceOf(TypeError);
    });

    it("gives up what does not end in time, and says so", async () => {
      const { desk, payments } = await open({ limits: { stopMs: 50 } });
      desk.hold();
      const slow = ask("slow");
      await until(() => desk.begun.length === 1);
      await node.stop();
      const response = await slow;
      expect([response.status, await codeOf(response)]).to.deep.equal([503, "stopping"]);
      expect(payments.counts).to.include({ charged: 0, released: 1 });
    });
  });
});

describe("gateway's server", () => {
  const GATEWAY = {
    fetch: () => new Response("hi"),
    drain: () => undefined,
    abort: () => undefined,
  };

  after(removeFolders);

  it("says that a port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const failure = await failureOf(startGateway(GATEWAY, gatewayConfigSchema.parse({ port })));
    expect(failure.code).to.equal("CONFIG_INVALID");
    expect(failure.message).to.include(String(port));
    other.close();
  });

  it("says that a certificate is missing", async () => {
    const folder = await newFolder();
    const tls = { certFile: `${folder}/cert.pem`, keyFile: `${folder}/key.pem` };
    const failure = await failureOf(
      startGateway(GATEWAY, gatewayConfigSchema.parse({ port: 0, tls })),
    );
    expect(failure.code).to.equal("CONFIG_INVALID");
  });

  for (const wrong of [
    { port: 65_536 },
    { publicUrl: "node.example" },
    { limits: { concurrent: 0 } },
    { limits: { bodyBytes: 10 } },
    { colour: "red" },
  ])
    it(`is not configured with ${JSON.stringify(wrong)}`, () => {
      expect(gatewayConfigSchema.safeParse(wrong).success).to.equal(false);
    });
});

async function received(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

/** What arrives if nobody reads for a while. */
async function receivedAfter(socket: Socket, ms: number): Promise<string> {
  await setTimeout(ms);
  return received(socket).catch((error: unknown) => String(error));
}
