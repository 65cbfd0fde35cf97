import { createServer, request, type RequestOptions } from "node:https";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { getBytes, hexlify, id, keccak256, recoverAddress, toUtf8String, ZeroHash } from "ethers";
import { EnclaveClient } from "./enclave-client.ts";
import { openAttestor } from "./open-attestor.ts";
import { inferRequestSchema } from "../enclave/protocol.ts";
import { createTlsIdentity } from "../enclave/tls-identity.ts";
import { startEchoEnclave, type EchoEnclaveOptions } from "../testing/echo-enclave.ts";
import { ATTEST_REQUEST, inferRequest, directInferRequest } from "../testing/enclave-requests.ts";
import { failureOf } from "../testing/failure.ts";
import { removeFolders } from "../testing/folders.ts";
import { payloadOf } from "../testing/nitro-documents.ts";
import { bindingHash, nonceOf } from "../../sdk/enclave.ts";
import { batchDigest, batchOf } from "../../sdk/inference-batch.ts";
import { attestedReceipt, receiptDigest } from "../../sdk/receipt.ts";

const closing: (() => unknown)[] = [];

async function echoEnclave(options?: EchoEnclaveOptions) {
  const enclave = await startEchoEnclave(options);
  closing.push(enclave.stop);
  return enclave;
}

async function connected(options: Parameters<typeof EnclaveClient.connect>[0]) {
  const client = await EnclaveClient.connect(options);
  closing.unshift(() => {
    client.close();
  });
  return client;
}

/** What the server answers to a request as anybody may send it. */
async function send(url: string, options: RequestOptions, body = "") {
  const sent = request(url, { ...options, rejectUnauthorized: false });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response) text += String(chunk);
  const { statusCode: status, headers } = response;
  return { status, headers, content: JSON.parse(text) as { error: { code: string } } };
}

async function cleanUp() {
  for (const close of closing.splice(0)) await close();
  await removeFolders();
}

describe("the client of an enclave", () => {
  afterEach(cleanUp);

  it("learns who the enclave is, and gets answers that it signed", async () => {
    const { url, tlsKeyHash, runtime, enclave } = await echoEnclave();
    const client = await connected({ url, tlsKeyHash });
    expect(client.identity).to.deep.equal(enclave.identity);
    const asked = inferRequest(runtime.contentHash, { content: "hello" });
    const { output, statement, signature } = await client.infer(asked);
    expect(toUtf8String(output)).to.equal("hello");
    const claim = { ...asked.claim, inputHash: keccak256(asked.input) };
    const digest = receiptDigest(asked.settlement, attestedReceipt({ claim, output, statement }));
    expect(recoverAddress(digest, signature)).to.equal(client.identity.address);
    expect(statement.evidenceHash).to.equal(ZeroHash);
  });

  it("gets the same bytes for the same request", async () => {
    const { url, runtime } = await echoEnclave();
    const client = await connected({ url });
    const asked = inferRequest(runtime.contentHash);
    expect(await client.infer(asked)).to.deep.equal(await client.infer(asked));
    expect(runtime.runs).to.equal(1);
  });

  it("gets the text as it comes, then the answer that recalls itself", async () => {
    const { url, runtime } = await echoEnclave();
    const client = await connected({ url });
    const asked = directInferRequest(runtime.contentHash, { content: "one two\nthree é" });
    const pieces: string[] = [];
    const answer = await client.stream(asked, (piece) => pieces.push(piece));
    expect(pieces).to.deep.equal(["one", " two", "\nthree", " é"]);
    expect(toUtf8String(answer.output)).to.equal("one two\nthree é");
    expect(await client.recall(asked)).to.deep.equal(answer);
    expect(runtime.runs).to.equal(1);
  });

  it("is told in a stream why there is no answer", async () => {
    const { url, runtime } = await echoEnclave();
    const client = await connected({ url });
    const ignore = () => undefined;
    const broken = directInferRequest(runtime.contentHash, { content: "fail" });
    expect((await failureOf(client.stream(broken, ignore))).code).to.equal("RUNTIME_FAILED");
    // Known only once the text is there.
    const dear = { ...directInferRequest(runtime.contentHash), fee: 0n };
    expect((await failureOf(client.stream(dear, ignore))).code).to.equal("FEE_TOO_HIGH");
    expect((await failureOf(client.recall(dear))).code).to.equal("ENCLAVE_UNKNOWN");
  });

  it("has batches signed", async () => {
    const { url, runtime } = await echoEnclave();
    const client = await connected({ url });
    const asked = directInferRequest(runtime.contentHash);
    const { output, statement, signature } = await client.infer(asked);
    const claim = { ...asked.claim, inputHash: keccak256(asked.input) };
    const receipt = attestedReceipt({ claim, output, statement });
    const { address } = client.identity;
    const { settlement } = asked;
    const batch = batchOf(address, [{ receipt, signature }]);
    const signed = await client.signBatch({ settlement, batch });
    expect(recoverAddress(batchDigest(settlement, batch), signed)).to.equal(address);
    const longer = { settlement, batch: { ...batch, count: 2n } };
    expect((await failureOf(client.signBatch(longer))).code).to.equal("ENCLAVE_UNKNOWN");
  });

  it("gets receipts that commit to the evidence about GPUs", async () => {
    const gpuEvidence = new TextEncoder().encode("evidence");
    const { url, runtime } = await echoEnclave({ gpuEvidence });
    const client = await connected({ url });
    const { statement } = await client.infer(inferRequest(runtime.contentHash));
    expect(client.identity.gpuEvidence).to.equal(hexlify(gpuEvidence));
    expect(statement.evidenceHash).to.equal(keccak256(gpuEvidence));
  });

  it("gets a document that carries key, binding and nonce", async () => {
    const { url, tlsKeyHash, enclave } = await echoEnclave();
    const client = await connected({ url });
    const payload = payloadOf(await client.attest(ATTEST_REQUEST));
    const binding = bindingHash({ ...ATTEST_REQUEST, tlsKeyHash });
    expect(hexlify(payload.public_key ?? "0x")).to.equal(enclave.identity.publicKey);
    expect(hexlify(payload.user_data ?? "0x")).to.equal(binding);
    expect(hexlify(payload.nonce ?? "0x")).to.equal(nonceOf(ATTEST_REQUEST.blockHash, binding));
  });

  it("hands on what the enclave refuses with", async () => {
    const { url } = await echoEnclave();
    const client = await connected({ url });
    const unknown = await failureOf(client.infer(inferRequest(id("another"))));
    expect(unknown).to.include({ code: "ENCLAVE_MODEL_UNKNOWN" });
    const large = inferRequest(id("echo"), { content: "x".repeat(20_000) });
    expect(await failureOf(client.infer(large))).to.include({ code: "ENCLAVE_REQUEST_INVALID" });
  });

  it("shows the token that the enclave asks for", async () => {
    const { url } = await echoEnclave({ accessToken: "correct" });
    await connected({ url, accessToken: "correct" });
    for (const wrong of [{}, { accessToken: "wrong" }]) {
      const failure = await failureOf(EnclaveClient.connect({ url, ...wrong }));
      expect(failure).to.include({ code: "ENCLAVE_REQUEST_INVALID" });
    }
  });

  it("stops waiting when it is told to, or after its time", async () => {
    const { url, runtime } = await echoEnclave();
    const client = await connected({ url });
    const release = runtime.hold();
    const asked = inferRequest(runtime.contentHash);
    const given = AbortSignal.timeout(100);
    const reason: unknown = await client.infer(asked, given).catch((error: unknown) => error);
    expect(reason).to.equal(given.reason);
    const hasty = await connected({ url, timeoutMs: 500 });
    expect(await failureOf(hasty.infer(asked))).to.include({ code: "ENCLAVE_UNREACHABLE" });
    release();
    // The answer was made once, for whoever comes back for it.
    expect((await client.infer(asked)).statement.seq).to.equal(0n);
    expect(runtime.runs).to.equal(1);
  });

  it("says when nobody answers", async () => {
    const failure = await failureOf(EnclaveClient.connect({ url: "https://127.0.0.1:1" }));
    expect(failure).to.include({ code: "ENCLAVE_UNREACHABLE" });
  });
});

describe("the TLS key of an enclave", () => {
  afterEach(cleanUp);

  it("is pinned: nothing is sent to another", async () => {
    const { url, runtime } = await echoEnclave();
    const { tlsKeyHash } = await echoEnclave();
    const failure = await failureOf(EnclaveClient.connect({ url, tlsKeyHash }));
    expect(failure).to.include({ code: "ENCLAVE_UNTRUSTED" });
    expect(runtime.runs).to.equal(0);
  });

  it("is held to after it was learned, also on new connections", async () => {
    const first = await startEchoEnclave();
    const client = await connected({ url: first.url });
    await first.stop();
    const second = await echoEnclave({ port: first.port });
    expect(second.tlsKeyHash).not.to.equal(first.tlsKeyHash);
    const asked = inferRequest(second.runtime.contentHash);
    expect(await failureOf(client.infer(asked))).to.include({ code: "ENCLAVE_UNTRUSTED" });
    expect(second.runtime.runs).to.equal(0);
  });

  it("must be the one that the enclave names", async () => {
    const { url } = await echoEnclave({ claimedKeyHash: id("another") });
    const failure = await failureOf(EnclaveClient.connect({ url }));
    expect(failure).to.include({ code: "ENCLAVE_UNTRUSTED" });
  });

  it("shows whoever stood in between, by the attestation", async () => {
    const genuine = await echoEnclave();
    const inside = await connected({ url: genuine.url });
    const { url } = await manInTheMiddle(inside);
    const client = await connected({ url });
    const failure = await failureOf(client.attest(ATTEST_REQUEST));
    expect(failure).to.include({ code: "ENCLAVE_UNTRUSTED" });
  });
});

/** Ends TLS with a key of its own, names that key in place of the enclave's, and hands everything else on. */
async function manInTheMiddle(inside: EnclaveClient): Promise<{ url: string }> {
  const { certificate: cert, key, keyHash: tlsKeyHash } = await createTlsIdentity();
  const server = createServer({ cert, key }, (incoming, response) => {
    if (incoming.url === "/identity") {
      response.end(JSON.stringify({ ...inside.identity, tlsKeyHash }));
      return;
    }
    void inside.attest(ATTEST_REQUEST).then((document) => {
      response.end(JSON.stringify({ document: hexlify(document) }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.unshift(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe("the interface of an enclave", () => {
  afterEach(cleanUp);

  it("has nothing but its own paths, by their methods", async () => {
    const { url } = await echoEnclave();
    for (const [method, path, allowed] of [
      ["GET", "/infer", "POST"],
      ["PUT", "/infer", "POST"],
      ["DELETE", "/attest", "POST"],
      ["GET", "/stream", "POST"],
      ["GET", "/recall", "POST"],
      ["GET", "/batch", "POST"],
      ["POST", "/identity", "GET"],
      ["POST", "/healthz", "GET"],
    ] as const) {
      const { status, headers, content } = await send(`${url}${path}`, { method });
      expect(status, `${method} ${path}`).to.equal(405);
      expect(headers.allow).to.include(allowed);
      expect(content.error.code).to.equal("ENCLAVE_REQUEST_INVALID");
    }
    for (const path of ["/", "/key", "/identity/", "/../etc/passwd"]) {
      expect((await send(`${url}${path}`, { method: "GET" })).status, path).to.equal(404);
    }
  });

  it("answers whether it is there without a token, and nothing else", async () => {
    const { url } = await echoEnclave({ accessToken: "correct" });
    expect((await send(`${url}/healthz`, { method: "GET" })).status).to.equal(200);
    for (const [method, path] of [
      ["GET", "/identity"],
      ["POST", "/attest"],
      ["POST", "/infer"],
    ] as const) {
      const { status } = await send(`${url}${path}`, { method });
      expect(status, path).to.equal(401);
    }
  });

  it("refuses bodies that are too large, however they come", async () => {
    const { url, runtime } = await echoEnclave();
    const body = JSON.stringify({ input: "0x".padEnd(20_000, "0") });
    const { status } = await send(`${url}/infer`, { method: "POST" }, body);
    expect(status).to.equal(413);
    const headers = { "transfer-encoding": "chunked" };
    const chunked = await send(`${url}/infer`, { method: "POST", headers }, body);
    expect(chunked.status).to.equal(413);
    expect(runtime.runs).to.equal(0);
  });

  it("refuses what is no request", async () => {
    const { url, runtime } = await echoEnclave();
    const asked = inferRequestSchema.encode(inferRequest(runtime.contentHash));
    for (const body of [
      "",
      "{",
      "[]",
      JSON.stringify({ ...asked, extra: 1 }),
      JSON.stringify({ ...asked, fee: 1 }),
      JSON.stringify({ ...asked, fee: "-1" }),
      JSON.stringify({ ...asked, fee: (1n << 128n).toString() }),
      JSON.stringify({ ...asked, payer: "0x00" }),
      JSON.stringify({ ...asked, input: "0xf" }),
    ]) {
      const { status, content } = await send(`${url}/infer`, { method: "POST" }, body);
      expect(status, body).to.equal(400);
      expect(content.error.code).to.equal("ENCLAVE_REQUEST_INVALID");
    }
    expect(runtime.runs).to.equal(0);
  });

  it("answers refusals with a fitting status", async () => {
    const { url, runtime } = await echoEnclave();
    const post = (asked: ReturnType<typeof inferRequest>) =>
      send(`${url}/infer`, { method: "POST" }, JSON.stringify(inferRequestSchema.encode(asked)));
    const asked = inferRequest(runtime.contentHash);
    expect((await post(asked)).status).to.equal(200);
    expect((await post({ ...asked, fee: 0n })).status).to.equal(409);
    expect((await post(inferRequest(id("another")))).status).to.equal(409);
    const others = inferRequest(id("another"), { number: 7 });
    expect((await post(others)).status).to.equal(404);
    const bent = { ...inferRequest(runtime.contentHash, { number: 8 }), input: getBytes("0x7b") };
    expect((await post(bent)).status).to.equal(422);
    const failing = inferRequest(runtime.contentHash, { number: 9, content: "fail" });
    expect((await post(failing)).status).to.equal(500);
  });
});

describe("an attestor", () => {
  afterEach(cleanUp);

  it("is refused if the enclave is of another kind", async () => {
    const { url } = await echoEnclave();
    for (const attestor of ["nitro", "dstack"] as const) {
      const failure = await failureOf(openAttestor({ attestor, url }));
      expect(failure).to.include({ code: "ENCLAVE_UNTRUSTED" });
    }
  });
});
