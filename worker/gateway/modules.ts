import type { Context } from "hono";
import type { GatewayLimits } from "./config.ts";
import type { GatewayMetrics } from "./metrics.ts";
import type { Asked, ConcludedAnswer, Order, OrderLine } from "./order-line.ts";
import type { Offers, Wanted } from "./offers.ts";
import type { Routes } from "./routes.ts";
import type { Settlement } from "../../sdk/receipt.ts";

/** What routes are made of. */
export interface GatewayModules {
  readonly routes: Routes;
  readonly line: OrderLine;
  readonly offers: Offers;
  readonly settlement: Settlement;
  readonly node: string;
  readonly limits: GatewayLimits;
  readonly metrics: GatewayMetrics;
  /** What a request says beside its body. */
  readonly askedOf: (
    context: Context,
    wanted: Pick<Wanted, "model" | "form"> & Partial<Pick<Wanted, "tier">>,
  ) => Omit<Asked, "inputOf">;
  /** Headers of an answer: its request, its receipt, and what who was paid adds. */
  readonly headersOf: (order: Order, answer: ConcludedAnswer) => Record<string, string>;
  /** Takes note of a failure. */
  readonly fail: (error: unknown) => void;
}
