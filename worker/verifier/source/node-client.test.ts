import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { createNodeClient, NodeUnhelpful, type NodeClientOptions } from "./node-client.ts";
import { isPublicAddress } from "./public-address.ts";

describe("asking a hostile node", () => {
  let server: Server;
  let endpoint: string;
  let asked: string[];

  before(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      const kind = (request.url ?? "").split("/")[1];
      if (kind === "base") response.end('{"ok":true}');
      if (kind === "elsewhere") response.writeHead(302, { location: `${endpoint}/base` }).end();
      if (kind === "garbage") response.end("<html>");
      if (kind === "endless") setInterval(() => response.write("x".repeat(1_000)), 1).unref();
      if (kind === "slow") response.write("{");
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  beforeEach(() => {
    asked = [];
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const client = (changes: Partial<NodeClientOptions> = {}) =>
    createNodeClient({
      allowsPrivateAddresses: true,
      timeoutMs: 400,
      maxBytes: 10_000,
      signal: new AbortController().signal,
      ...changes,
    });

  async function refusal(answer: Promise<unknown>): Promise<string> {
    try {
      await answer;
    } catch (error) {
      if (error instanceof NodeUnhelpful) return error.message;
      throw error;
    }
    throw new Error("nothing was refused");
  }

  it("gives what it answers, below the path of its endpoint", async () => {
    expect(await client()(`${endpoint}/base/`, "/v1/x?from=1")).to.deep.equal({ ok: true });
    expect(asked).to.deep.equal(["/base/v1/x?from=1"]);
  });

  it("follows it nowhere", async () => {
    expect(await refusal(client()(`${endpoint}/elsewhere`, "/"))).to.match(/status 302/);
    expect(asked).to.have.length(1);
  });

  it("repeats nothing that it says", async () => {
    expect(await refusal(client()(`${endpoint}/garbage`, "/"))).to.match(/not JSON$/);
  });

  it("ends an answer that does not end", async () => {
    expect(await refusal(client()(`${endpoint}/endless`, "/"))).to.match(/longer than 10000/);
  });

  it("does not wait for ever", async () => {
    expect(await refusal(client()(`${endpoint}/slow`, "/"))).to.match(/cannot be asked/);
  });

  it("does not talk to its own network, by address or by name", async () => {
    const strict = client({ allowsPrivateAddresses: false });
    const port = new URL(endpoint).port;
    for (const host of ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433"])
      expect(await refusal(strict(`http://${host}:${port}/base`, "/")), host).to.match(
        /not a public address|cannot be asked/,
      );
    expect(asked).to.deep.equal([]);
  });

  it("takes no other scheme", async () => {
    for (const url of ["file:///etc/passwd", "ftp://node.example", "nonsense", ""])
      expect(await refusal(client()(url, "/")), url).to.match(/no http\(s\) URL/);
  });

  it("knows which addresses are everybody's", () => {
    for (const address of ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "100.128.0.1"])
      expect(isPublicAddress(address), address).to.equal(true);
    const ours = ["0.0.0.0", "10.1.2.3", "100.64.0.1", "169.254.169.254", "172.31.0.1"];
    ours.push("192.168.1.1", "224.0.0.1", "255.255.255.255", "::", "::1", "::ffff:10.0.0.1");
    ours.push("fd00::1", "fe80::1", "64:ff9b::a00:1", "2002:a00:1::", "node.example", "");
    for (const address of ours) expect(isPublicAddress(address), address).to.equal(false);
  });
});
