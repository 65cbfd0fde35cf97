import type { Server } from "node:http";
import { serve } from "@hono/node-server";

/** A server on a port of its own, and where it listens. */
export function listen(
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<{ readonly server: Server; readonly url: string }> {
  return new Promise<{ server: Server; url: string }>((resolve) => {
    const server = serve({ fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => {
      resolve({ server: server as Server, url: `http://127.0.0.1:${port}/v1` });
    });
  });
}
