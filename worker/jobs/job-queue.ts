import type { PGlite } from "@electric-sql/pglite";
import { fromPglite, PgBoss } from "pg-boss";
import type { Logger } from "pino";
import type { Queryable } from "../storage/database.ts";

const QUEUE = "jobs";

/** A failing step is tried again for about a day: longer than any request lives once it is locked. */
const RETRIES = {
  retryLimit: 1_000,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 90,
} as const;

/** A step waits for transactions as long as it takes; jobs of killed processes are sent again when a worker starts. */
const EXPIRY_SECONDS = 43_200;

interface Message {
  readonly requestId: string;
}

/** Brings jobs to their runner, again and again until it is done with them. */
export class JobQueue {
  readonly #boss: PgBoss;
  #worker: string | undefined;

  constructor(database: PGlite, log: Logger) {
    this.#boss = new PgBoss({ db: fromPglite(database), backend: "pglite", schedule: false });
    this.#boss.on("error", (error) => {
      log.error({ error: String(error) }, "The job queue failed.");
    });
  }

  async start(): Promise<void> {
    await this.#boss.start();
    // One message per job may wait; the runner itself refuses to run a job twice at once.
    await this.#boss.createQueue(QUEUE, { policy: "short", ...RETRIES });
  }

  /** Queues a job within a database transaction: it is queued exactly if that is committed. */
  async send(requestId: string, within: Queryable): Promise<void> {
    const executeSql = (text: string, values?: unknown[]) => within.query<unknown>(text, values);
    await this.#boss.send(QUEUE, { requestId } satisfies Message, {
      singletonKey: requestId,
      expireInSeconds: EXPIRY_SECONDS,
      db: { executeSql },
    });
  }

  /** Looks for new messages at once. */
  wake(): void {
    if (this.#worker !== undefined) this.#boss.notifyWorker(this.#worker);
  }

  /** Hands jobs to `run`; one that throws is handed over again later. */
  async serve(concurrency: number, run: (requestId: string) => Promise<void>): Promise<void> {
    this.#worker = await this.#boss.work<Message>(
      QUEUE,
      { localConcurrency: concurrency, pollingIntervalSeconds: 0.5 },
      async (messages) => {
        for (const { data } of messages) await run(data.requestId);
      },
    );
  }

  async stop(): Promise<void> {
    await this.#boss.stop({ graceful: true, timeout: 10_000 });
  }
}
