import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { FairQueue } from "./fair-queue.ts";

/** From a cached answer to the longest that a request may wait for its turn. */
const WAITING_BUCKETS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 30];

/** From small models' answers, in milliseconds, to the longest that an answer may take by default. */
const ANSWERING_BUCKETS = [0.002, 0.01, 0.05, 0.2, 1, 5, 20, 60, 120];

/** What a gateway adds to an answer: 5 ms is what it is held to, the rest shows how far off it is. */
const ADMITTING_BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.2, 1];

const WEI_PER_OPG = 1e18;

/**
 * The journey of a request, in its order: received, refused by reason or admitted, waiting, answering, streamed, paid. Reasons are
 * the codes of errors: there is a fixed number of them.
 */
export class GatewayMetrics {
  readonly registry = new Registry();
  readonly received = new Counter({
    name: "gateway_requests_received_total",
    help: "Requests, by route.",
    labelNames: ["route"] as const,
    registers: [this.registry],
  });
  readonly refused = new Counter({
    name: "gateway_requests_refused_total",
    help: "Requests that ended in an error, by its code.",
    labelNames: ["reason"] as const,
    registers: [this.registry],
  });
  readonly admitting = new Histogram({
    name: "gateway_admitting_seconds",
    help: "Time from the parsed body until somebody stands in for the fee.",
    buckets: ADMITTING_BUCKETS,
    registers: [this.registry],
  });
  readonly waiting = new Histogram({
    name: "gateway_waiting_seconds",
    help: "Time that admitted requests waited for their turn.",
    buckets: WAITING_BUCKETS,
    registers: [this.registry],
  });
  readonly answering = new Histogram({
    name: "gateway_answering_seconds",
    help: "Time that answers took, receipt and journal included.",
    labelNames: ["form", "tier"] as const,
    buckets: ANSWERING_BUCKETS,
    registers: [this.registry],
  });
  readonly answered = new Counter({
    name: "gateway_requests_answered_total",
    help: "Answers, by form and tier; repeated are those that were given before.",
    labelNames: ["form", "tier", "repeated"] as const,
    registers: [this.registry],
  });
  readonly released = new Counter({
    name: "gateway_requests_released_total",
    help: "Requests that were admitted and then not answered: nothing was charged.",
    registers: [this.registry],
  });
  readonly streams = new Gauge({
    name: "gateway_streams_open",
    help: "Streams that clients are reading.",
    registers: [this.registry],
  });
  readonly streamed = new Counter({
    name: "gateway_streamed_pieces_total",
    help: "Pieces of text that were streamed while the answer was computed.",
    registers: [this.registry],
  });
  readonly fees = new Counter({
    name: "gateway_fees_opg_total",
    help: "Fees of new answers, in OPG.",
    registers: [this.registry],
  });

  /** Shows who waits and who is answered now. */
  watch(queue: Pick<FairQueue, "running" | "waiting">): void {
    const registers = [this.registry];
    const waiting = new Gauge({
      name: "gateway_requests_waiting",
      help: "Admitted requests that wait for their turn.",
      registers,
      collect: () => {
        waiting.set(queue.waiting);
      },
    });
    const running = new Gauge({
      name: "gateway_requests_answering",
      help: "Requests that are being answered.",
      registers,
      collect: () => {
        running.set(queue.running);
      },
    });
  }

  countFee(fee: bigint): void {
    this.fees.inc(Number(fee) / WEI_PER_OPG);
  }
}
