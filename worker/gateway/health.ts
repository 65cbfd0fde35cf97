import { z } from "zod";
import { ANSWERS } from "./answers.ts";
import { startDeadline } from "./deadline.ts";
import type { GatewayModules } from "./modules.ts";

/** What has to hold for answers to be given; throws or rejects if it does not. */
export type ReadinessCheck = (signal: AbortSignal) => Promise<void>;

/** How long a check may take, and how long its result counts: who asks often does not make the node ask the chain as often. */
const CHECK_MS = 5_000;
const FRESH_MS = 1_000;

/** Whether a node can answer, by everything that it needs. */
export class Readiness {
  readonly #checks: Readonly<Record<string, ReadinessCheck>>;
  readonly #onFailure: (error: unknown) => void;
  #last: Promise<Readonly<Record<string, "ok" | "failing">>> | undefined;
  #lastAt = 0;

  constructor(
    checks: Readonly<Record<string, ReadinessCheck>>,
    onFailure: (error: unknown) => void,
  ) {
    this.#checks = checks;
    this.#onFailure = onFailure;
  }

  look(): Promise<Readonly<Record<string, "ok" | "failing">>> {
    const now = performance.now();
    if (this.#last === undefined || now - this.#lastAt > FRESH_MS) {
      this.#lastAt = now;
      this.#last = this.#look();
    }
    return this.#last;
  }

  async #look() {
    const results = Object.entries(this.#checks).map(
      async ([name, check]) => [name, await this.#passes(check)] as const,
    );
    return Object.fromEntries(await Promise.all(results));
  }

  async #passes(check: ReadinessCheck): Promise<"ok" | "failing"> {
    using deadline = startDeadline(CHECK_MS, () => new Error("the check took too long"), []);
    const { signal } = deadline;
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => {
        reject(signal.reason as Error);
      });
    });
    try {
      await Promise.race([check(signal), late]);
      return "ok";
    } catch (error) {
      this.#onFailure(error);
      return "failing";
    }
  }
}

/** `GET /healthz`, `GET /readyz`, `GET /metrics` and `GET /openapi.json`. */
export function addOperationRoutes(
  { routes, metrics }: GatewayModules,
  {
    readiness,
    isStopping,
    publicUrl,
  }: {
    readonly readiness: Readiness;
    readonly isStopping: () => boolean;
    readonly publicUrl: string | undefined;
  },
): void {
  const json = "application/json";
  const tag = "Operation";
  const live = { [json]: ANSWERS.Live };
  routes.add(
    { method: "get", path: "/healthz", summary: "Lives", tag, answer: "It lives.", content: live },
    () => Response.json({ status: "ok" }),
  );
  routes.add(
    {
      method: "get",
      path: "/readyz",
      summary: "Can answer",
      tag,
      answer: "It can answer. With 503 and the same body, it cannot.",
      content: { [json]: ANSWERS.Ready },
    },
    async () => {
      const checks = await readiness.look();
      const isReady = !isStopping() && Object.values(checks).every((found) => found === "ok");
      const status = isReady ? "ready" : "not ready";
      return Response.json({ status, checks }, { status: isReady ? 200 : 503 });
    },
  );
  const { contentType } = metrics.registry;
  routes.add(
    {
      method: "get",
      path: "/metrics",
      summary: "Figures for Prometheus",
      tag,
      answer: "Prometheus' text format.",
      content: { "text/plain": z.string() },
    },
    async () =>
      new Response(await metrics.registry.metrics(), { headers: { "Content-Type": contentType } }),
  );
  routes.add(
    {
      method: "get",
      path: "/openapi.json",
      summary: "This document",
      tag,
      answer: "OpenAPI 3.1.",
      content: { [json]: z.looseObject({}) },
    },
    ({ req }) => Response.json(routes.document(publicUrl ?? new URL(req.url).origin)),
  );
}
