import { z } from "zod";

/** Limits of a gateway. Each keeps one kind of client from taking what others need. */
const limitsSchema = z.strictObject({
  /** Most bytes that a body may have. */
  bodyBytes: z.int().min(1_024).max(67_108_864).default(1_048_576),
  /** Connections at the same time. More are closed at once. */
  connections: z.int().min(1).max(65_536).default(2_048),
  /** Requests for answers that are under way at the same time, from the parsed body to the answer's last byte. */
  open: z.int().min(1).max(65_536).default(1_024),
  /** Requests that are answered at the same time; others wait, and payers take turns. */
  concurrent: z.int().min(1).max(4_096).default(16),
  /** Requests that may wait, of all payers together and of one. */
  waiting: z.int().min(0).max(65_536).default(512),
  waitingPerPayer: z.int().min(0).max(65_536).default(128),
  /** How long a client may take to send a request. */
  requestMs: z.int().min(100).default(30_000),
  /** How long a request may wait for its turn. */
  waitMs: z.int().min(1).default(30_000),
  /** How long an answer may take once it is its turn. */
  answerMs: z.int().min(1).default(120_000),
  /** How long a client may take to receive one piece of a stream. */
  sendMs: z.int().min(1).default(30_000),
  /** How long answers that are under way may take when the gateway stops. */
  stopMs: z.int().min(0).default(30_000),
});

export type GatewayLimits = z.output<typeof limitsSchema>;

/** How a node answers over HTTP: the section `gateway` of a worker's configuration. */
export const gatewayConfigSchema = z.strictObject({
  /** Address to listen on. */
  host: z.string().min(1).default("127.0.0.1"),
  /** Port to listen on; 0 for any that is free. */
  port: z.int().min(0).max(65_535).default(8_402),
  /** How clients reach the gateway, if a proxy stands before it. */
  publicUrl: z.url({ protocol: /^https?$/, error: "is not an http(s) URL" }).optional(),
  /** Certificate chain and key in PEM, to serve https without a proxy. */
  tls: z.strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) }).optional(),
  limits: limitsSchema.prefault({}),
});

export type GatewayConfig = z.output<typeof gatewayConfigSchema>;
