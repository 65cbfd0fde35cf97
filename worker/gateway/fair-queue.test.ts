import { setImmediate, setTimeout } from "node:timers/promises";
import { expect } from "chai";
import fc from "fast-check";
import { GatewayError } from "./failure.ts";
import { FairQueue } from "./fair-queue.ts";

const FOREVER = new AbortController().signal;

/** A queue, and tasks of which each ends when it is told. */
function trial(limits: Partial<ConstructorParameters<typeof FairQueue>[0]> = {}) {
  const queue = new FairQueue({ concurrent: 1, waiting: 1_000, waitingPerPayer: 1_000, ...limits });
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const add = (payer: string, signal = FOREVER) =>
    queue.run(
      payer,
      () => {
        begun.push(payer);
        return new Promise<void>((resolve) => ends.push(resolve));
      },
      signal,
    );
  /** Ends what runs, one after the other, until nothing does. */
  const endAll = async () => {
    for (let end = ends.shift(); end !== undefined; end = ends.shift()) {
      end();
      await setImmediate();
    }
  };
  return { queue, begun, ends, add, endAll };
}

async function refusal(run: Promise<unknown>): Promise<unknown> {
  return run.then(
    () => "done",
    (error: unknown) => error,
  );
}

describe("fair queue", () => {
  it("lets payers take turns, however many requests each has", async () => {
    const { begun, add, endAll } = trial();
    const all = [...Array<string>(100).fill("greedy"), "modest", "other", "modest"].map((payer) =>
      add(payer),
    );
    await endAll();
    await Promise.all(all);
    expect(begun.slice(0, 7)).to.deep.equal([
      ...["greedy", "greedy", "modest", "other", "greedy", "modest", "greedy"],
    ]);
    expect(begun).to.have.length(103);
  });

  it("runs so many at the same time, and no more", async () => {
    const { queue, begun, add, ends, endAll } = trial({ concurrent: 3 });
    const all = Array.from({ length: 5 }, () => add("a"));
    expect([begun.length, queue.running, queue.waiting]).to.deep.equal([3, 3, 2]);
    ends.shift()?.();
    await setImmediate();
    expect([begun.length, queue.running, queue.waiting]).to.deep.equal([4, 3, 1]);
    await endAll();
    await Promise.all(all);
    expect([queue.running, queue.waiting]).to.deep.equal([0, 0]);
  });

  it("refuses more than may wait, of one payer and of all, and says when to ask again", async () => {
    const { add, endAll } = trial({ waiting: 3, waitingPerPayer: 2 });
    const all = [add("a"), add("a"), add("a")];
    const third = await refusal(add("a"));
    expect(third).to.be.instanceOf(GatewayError).and.to.include({ status: 429 });
    expect(third).to.have.nested.property("headers.Retry-After", "1");
    all.push(add("b"));
    expect(await refusal(add("c"))).to.include({ code: "too_many_requests" });
    await endAll();
    await Promise.all(all);
  });

  it("asks for more patience the longer tasks take, up to a minute", async () => {
    const { queue, add, endAll } = trial({ waiting: 5 });
    // A task of half a second counts for a tenth of it.
    await queue.run("a", () => setTimeout(500), FOREVER);
    const all = Array.from({ length: 6 }, () => add("a"));
    const { headers } = (await refusal(add("a"))) as GatewayError;
    expect(headers["Retry-After"]).to.equal("1");
    await endAll();
    await Promise.all(all);
  });

  it("forgets who leaves while waiting, and nobody else loses a turn", async () => {
    const { queue, begun, add, endAll } = trial();
    const controller = new AbortController();
    const first = add("a");
    const leaving = refusal(add("a", controller.signal));
    const staying = add("b");
    controller.abort(new Error("left"));
    expect(await leaving).to.have.property("message", "left");
    expect(queue.waiting).to.equal(1);
    expect(await refusal(add("a", controller.signal))).to.have.property("message", "left");
    await endAll();
    await Promise.all([first, staying]);
    expect(begun).to.deep.equal(["a", "b"]);
  });

  it("goes on after tasks that fail", async () => {
    const { queue } = trial();
    const failing = refusal(queue.run("a", () => Promise.reject(new Error("no")), FOREVER));
    const next = queue.run("b", () => Promise.resolve(7), FOREVER);
    expect(await failing).to.have.property("message", "no");
    expect(await next).to.equal(7);
    expect(queue.running).to.equal(0);
  });

  it("loses, doubles and starves nothing, whatever happens", async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("add" as const), payer: fc.constantFrom("a", "b", "c") }),
      fc.record({ kind: fc.constant("end" as const), payer: fc.constant("") }),
      fc.record({ kind: fc.constant("leave" as const), payer: fc.constant("") }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { queue, begun, ends, add, endAll } = trial({ concurrent: 2 });
        const results: Promise<unknown>[] = [];
        const leavers: AbortController[] = [];
        for (const { kind, payer } of steps) {
          if (kind === "add") {
            const controller = new AbortController();
            leavers.push(controller);
            results.push(refusal(add(payer, controller.signal)));
          } else if (kind === "end") ends.shift()?.();
          else leavers.shift()?.abort("left");
          await setImmediate();
          expect(queue.running).to.equal(ends.length);
          expect(queue.running === 2 || queue.waiting === 0).to.equal(true);
        }
        await endAll();
        const found = await Promise.all(results);
        const left = found.filter((result) => result === "left").length;
        expect(begun.length).to.equal(results.length - left);
        expect([queue.running, queue.waiting]).to.deep.equal([0, 0]);
      }),
      { numRuns: 200 },
    );
  });
});
