import { setImmediate } from "node:timers/promises";

/** What becomes of each thing of a group, in the order of the group. */
export type GroupResults<R> = readonly PromiseSettledResult<R>[];

/**
 * Handles things in groups: while one group is handled, the next one collects. What costs the same for one as for many, such as a
 * transaction of the database, is so paid once for many; a thing that comes alone does not wait for another.
 */
export class GroupQueue<T, R> {
  readonly #handle: (group: readonly T[]) => Promise<GroupResults<R>>;
  readonly #maximum: number;
  readonly #waiting: { readonly thing: T; readonly settle: PromiseWithResolvers<R> }[] = [];
  #isBusy = false;

  /** @param handle May fail as a whole: then all of the group have failed. */
  constructor(handle: (group: readonly T[]) => Promise<GroupResults<R>>, maximum: number) {
    this.#handle = handle;
    this.#maximum = maximum;
  }

  add(thing: T): Promise<R> {
    const settle = Promise.withResolvers<R>();
    this.#waiting.push({ thing, settle });
    if (!this.#isBusy) void this.#run();
    return settle.promise;
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting.length > 0) {
      // Whatever the process is told in the same turn comes along.
      await setImmediate();
      const group = this.#waiting.splice(0, this.#maximum);
      const results = await this.#settled(group.map(({ thing }) => thing));
      group.forEach(({ settle }, index) => {
        const result = results[index];
        if (result?.status === "fulfilled") settle.resolve(result.value);
        else settle.reject(result?.reason ?? new Error("it was not handled"));
      });
    }
    this.#isBusy = false;
  }

  async #settled(group: readonly T[]): Promise<GroupResults<R>> {
    try {
      return await this.#handle(group);
    } catch (reason) {
      return group.map(() => ({ status: "rejected", reason }));
    }
  }
}
