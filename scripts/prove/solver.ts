import { init, killThreads } from "z3-solver";
import type { Reading } from "./query.ts";

/** `proved`: no numbers satisfy the query, which asks for ones that break a property. */
export type Verdict = "proved" | "violated" | "unknown";

export interface Solver {
  readonly verdictOn: (reading: Reading, limitMs: number) => Promise<Verdict>;
  readonly stop: () => Promise<void>;
}

/**
 * Z3, compiled to WebAssembly. Texts are handed over by the calls that return at once: the others read them while, or after,
 * the memory that they are in is given away.
 */
export async function createSolver(): Promise<Solver> {
  const api = await init();
  const { Z3 } = api;

  async function verdictOn(reading: Reading, limitMs: number): Promise<Verdict> {
    const config = Z3.mk_config();
    const context = Z3.mk_context(config);
    Z3.del_config(config);
    const solver = reading.isAboutBits
      ? Z3.mk_solver_for_logic(context, Z3.mk_string_symbol(context, "QF_BV"))
      : Z3.mk_solver(context);
    Z3.solver_inc_ref(context, solver);
    try {
      const limits = Z3.mk_params(context);
      Z3.params_inc_ref(context, limits);
      Z3.params_set_uint(context, limits, Z3.mk_string_symbol(context, "timeout"), limitMs);
      Z3.solver_set_params(context, solver, limits);
      Z3.params_dec_ref(context, limits);

      Z3.solver_from_string(context, solver, reading.smtlib);
      const understood = Z3.ast_vector_size(context, Z3.solver_get_assertions(context, solver));
      if (understood !== reading.assertions) throw new Error("Z3 does not understand the query");
      return toVerdict(await Z3.solver_check(context, solver));
    } finally {
      Z3.solver_dec_ref(context, solver);
      Z3.del_context(context);
    }
  }

  return { verdictOn, stop: () => killThreads(api.em) };
}

/** Z3 says -1 where there are no such numbers, 1 where there are, and 0 where it gave up. */
function toVerdict(found: number): Verdict {
  if (found === 0) return "unknown";
  return found < 0 ? "proved" : "violated";
}
