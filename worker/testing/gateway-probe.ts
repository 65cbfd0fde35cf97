import { readOpenApi } from "./openapi.ts";

type Method = "get" | "post";

/** Asks a gateway over HTTP, and holds what it answers to its own document. */
export interface GatewayProbe {
  /** Paths of the document. */
  readonly paths: readonly string[];
  readonly post: (
    path: string,
    body: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Response>;
  /** An answer's body. */
  readonly held: (
    response: Response,
    method: Method,
    path: string,
  ) => Promise<Record<string, unknown>>;
  /** Status and code of a refusal. */
  readonly refused: (response: Response, path: string, method?: Method) => Promise<unknown[]>;
  /** One event of a stream. */
  readonly holdEvent: (path: string, event: unknown) => void;
}

const JSON_TYPE = "application/json";

export async function probeGateway(url: string): Promise<GatewayProbe> {
  const document: unknown = await (await fetch(`${url}/openapi.json`)).json();
  const { paths, hold } = await readOpenApi(document as object);
  const held: GatewayProbe["held"] = async (response, method, path) => {
    const body: unknown = await response.json();
    hold({ method, path, status: response.status, type: JSON_TYPE, body });
    return body as Record<string, unknown>;
  };
  return {
    paths,
    held,
    post: (path, body, headers = {}) =>
      fetch(`${url}${path}`, {
        method: "POST",
        headers: { "Content-Type": JSON_TYPE, ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    refused: async (response, path, method = "post") => {
      const { error } = (await held(response, method, path)) as { error: { code: string } };
      return [response.status, error.code];
    },
    holdEvent: (path, body) => {
      hold({ method: "post", path, status: 200, type: "text/event-stream", body });
    },
  };
}
