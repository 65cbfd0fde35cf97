import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

const callSchema = z.object({ id: z.unknown(), method: z.string() });

/** A JSON-RPC node that claims to be Base, with code at every address. Counts what is sent to it. */
export async function serveBaseStub() {
  let transactions = 0;
  const answer = ({ id, method }: z.infer<typeof callSchema>) => {
    if (method === "eth_sendRawTransaction") transactions++;
    return { jsonrpc: "2.0", id, result: method === "eth_chainId" ? "0x2105" : "0x01" };
  };
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const calls = z.union([callSchema, z.array(callSchema)]).parse(JSON.parse(body));
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(Array.isArray(calls) ? calls.map(answer) : answer(calls)));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    rpcUrl: `http://127.0.0.1:${port}`,
    transactions: () => transactions,
    close: () => void server.close(),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}
