import { createServer, type RequestListener, type Server } from "node:http";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { expect } from "chai";
import { computeAddress, concat, hexlify, id, getBytes, SigningKey } from "ethers";
import type { AttestedData } from "./device.ts";
import { DstackDevice } from "./dstack.ts";
import { NitroDevice } from "./nitro.ts";
import { SimulatedDevice } from "./simulated.ts";
import { readReportData, reportDataOf } from "./tdx-quote.ts";
import { failureOf } from "../../testing/failure.ts";
import { newFolder, removeFolders } from "../../testing/folders.ts";

const { publicKey } = new SigningKey(id("enclave"));
const DATA: AttestedData = {
  publicKey: getBytes(publicKey).slice(1),
  address: computeAddress(publicKey),
  userData: getBytes(id("binding")),
  nonce: getBytes(id("nonce")),
};

/** A quote's layout, with nothing in it but what is read: its version, its kind and its report data. */
function quoteWith(reportData: Uint8Array): Buffer {
  const quote = Buffer.alloc(4_936);
  quote.writeUInt16LE(4, 0);
  quote.writeUInt32LE(0x81, 4);
  quote.set(reportData, 568);
  return quote;
}

const servers: Server[] = [];

async function listening(listener: RequestListener, socket?: string): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  if (socket === undefined) server.listen(0, "127.0.0.1");
  else server.listen(socket);
  await once(server, "listening");
  return socket ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const never = new AbortController().signal;

async function cleanUp() {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await removeFolders();
}

/** An attestation server as Marlin Oyster's, over a simulated module. */
async function attestationServer(change: (data: AttestedData) => AttestedData = (data) => data) {
  const module = new SimulatedDevice(await newFolder(), [new Uint8Array(48).fill(1)]);
  return await listening((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://enclave");
    const hex = (name: string) => Buffer.from(searchParams.get(name) ?? "", "hex");
    const asked = {
      publicKey: hex("public_key"),
      userData: hex("user_data"),
      nonce: hex("nonce"),
      address: "",
    };
    if (request.method !== "GET" || pathname !== "/attestation/raw") {
      response.writeHead(404).end();
      return;
    }
    void module.attest(change(asked)).then((document) => response.end(document));
  });
}

describe("the Nitro device", () => {
  afterEach(cleanUp);

  it("gets the document that it asked for", async () => {
    const device = new NitroDevice(await attestationServer());
    const document = await device.attest(DATA, never);
    expect(hexlify(document)).to.include(hexlify(DATA.publicKey).slice(2));
  });

  for (const member of ["publicKey", "userData", "nonce"] as const) {
    it(`refuses a document with another ${member}`, async () => {
      const url = await attestationServer((data) => {
        const other = data[member].slice();
        other.set([(other[0] ?? 0) ^ 1]);
        return { ...data, [member]: other };
      });
      const failure = await failureOf(new NitroDevice(url).attest(DATA, never));
      expect(failure).to.include({ code: "ENCLAVE_DEVICE_FAILED" });
    });
  }

  for (const [what, answer] of [
    ["no document", Buffer.from("nonsense")],
    ["nothing", Buffer.alloc(0)],
    ["more than a document can be", Buffer.alloc(20_000)],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const url = await listening((_, response) => response.end(answer));
      const failure = await failureOf(new NitroDevice(url).attest(DATA, never));
      expect(failure).to.include({ code: "ENCLAVE_DEVICE_FAILED" });
    });
  }

  it("says when the server fails, is not there, or takes too long", async () => {
    const broken = await listening((_, response) => response.writeHead(500).end());
    const silent = await listening(() => undefined);
    for (const url of [broken, "http://127.0.0.1:1", silent]) {
      const failure = await failureOf(new NitroDevice(url).attest(DATA, AbortSignal.timeout(200)));
      expect(failure).to.include({ code: "ENCLAVE_DEVICE_FAILED" });
      expect(failure.message).to.include(url);
    }
  });
});

/** A guest agent that answers every request for a quote. */
async function guestAgent(answer: (reportData: string) => unknown, status = 200) {
  const socket = path.join(await newFolder(), "dstack.sock");
  const asked: string[] = [];
  await listening((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      asked.push(`${request.method ?? ""} ${request.url ?? ""} ${body}`);
      const { report_data: reportData } = JSON.parse(body) as { report_data: string };
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(answer(reportData)));
    });
  }, socket);
  return { socket, asked };
}

const quoted = (reportData: string) => ({
  quote: quoteWith(Buffer.from(reportData, "hex")).toString("hex"),
  event_log: "[]",
  report_data: reportData,
  vm_config: "{}",
});

describe("the dstack device", () => {
  afterEach(cleanUp);

  it("gets a quote with the key's address and the nonce", async () => {
    const { socket, asked } = await guestAgent(quoted);
    const quote = await new DstackDevice(socket, false).attest(DATA, never);
    const reportData = concat([DATA.address, new Uint8Array(12), DATA.nonce]);
    expect(hexlify(readReportData(quote) ?? "0x")).to.equal(reportData);
    expect(asked).to.deep.equal([`POST /GetQuote {"report_data":"${reportData.slice(2)}"}`]);
  });

  it("says whether hardware vouches for its quotes", () => {
    expect(new DstackDevice("socket", false).kind).to.equal("Tdx");
    expect(new DstackDevice("socket", true).kind).to.equal("TdxSim");
  });

  for (const [what, answer] of [
    ["a quote with other report data", () => quoted("00".repeat(64))],
    [
      "a quote with swapped report data",
      (data: string) => quoted(data.slice(64) + data.slice(0, 64)),
    ],
    ["a quote that is cut off", (data: string) => ({ quote: quoted(data).quote.slice(0, 1_000) })],
    ["a quote of SGX", (data: string) => ({ quote: `0300${quoted(data).quote.slice(4)}` })],
    ["no quote", () => ({ error: "no TDX" })],
    ["what is not hex", () => ({ quote: "quote" })],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { socket } = await guestAgent(answer);
      const failure = await failureOf(new DstackDevice(socket, false).attest(DATA, never));
      expect(failure).to.include({ code: "ENCLAVE_DEVICE_FAILED" });
    });
  }

  it("says when the agent fails or is not there", async () => {
    const { socket } = await guestAgent(quoted, 500);
    for (const path of [socket, `${socket}.not`]) {
      const failure = await failureOf(new DstackDevice(path, false).attest(DATA, never));
      expect(failure).to.include({ code: "ENCLAVE_DEVICE_FAILED" });
    }
  });

  it("reads quotes that hardware made", async function () {
    const { VECTORS_DIR } = process.env;
    if (VECTORS_DIR === undefined) {
      process.stdout.write("    set VECTORS_DIR to the folder of the test vectors to run this\n");
      this.skip();
    }
    const file = path.join(VECTORS_DIR, "attestation/tdx/near_tdx_v4.quote");
    const quote = await readFile(file);
    const reportData = readReportData(quote);
    expect(reportData).to.have.length(64);
    // It was made for somebody else.
    const { socket } = await guestAgent(() => ({ quote: quote.toString("hex") }));
    const failure = await failureOf(new DstackDevice(socket, false).attest(DATA, never));
    expect(failure).to.include({ code: "ENCLAVE_DEVICE_FAILED" });
    expect(quote.subarray(568, 632)).to.deep.equal(Buffer.from(reportData ?? []));
    expect(reportDataOf(DATA)).not.to.deep.equal(reportData);
  });
});
