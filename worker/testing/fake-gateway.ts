import pino from "pino";
import { FAKE_NODE, FAKE_SETTLEMENT, FakeDesk } from "./fake-desk.ts";
import { FakePayments } from "./fake-payments.ts";
import { gatewayConfigSchema, type GatewayLimits } from "../gateway/config.ts";
import { createGateway, type Gateway, type GatewayOptions } from "../gateway/gateway.ts";
import type { ReceiptReader } from "../gateway/receipt-reader.ts";
import { startGateway, type GatewayServer } from "../gateway/server.ts";

export interface FakeGateway extends GatewayServer {
  readonly desk: FakeDesk;
  readonly payments: FakePayments;
  readonly gateway: Gateway;
  /** Lines of its log. */
  readonly logged: string[];
}

export interface FakeGatewayOptions extends Partial<
  Pick<GatewayOptions, "reader" | "checks" | "extensions">
> {
  readonly limits?: Partial<GatewayLimits>;
}

const NOTHING_KNOWN: ReceiptReader = {
  receipt: () => Promise.resolve(undefined),
  batch: () => Promise.resolve(undefined),
  batchReceipts: () => Promise.resolve(undefined),
};

/** A real gateway that listens on a port of its own, over a desk and payments that are fakes. */
export async function startFakeGateway({
  limits,
  reader = NOTHING_KNOWN,
  ...options
}: FakeGatewayOptions = {}): Promise<FakeGateway> {
  const config = gatewayConfigSchema.parse({ port: 0, limits: { stopMs: 200, ...limits } });
  const desk = new FakeDesk();
  const payments = new FakePayments();
  const logged: string[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => logged.push(line) });
  const gateway = createGateway({
    ...options,
    ...{ desk, payments, reader, log },
    settlement: FAKE_SETTLEMENT,
    node: FAKE_NODE,
    publicUrl: "https://node.example",
    limits: config.limits,
  });
  const server = await startGateway(gateway, config);
  return { ...server, desk, payments, gateway, logged };
}
