import { addField, multiplyField, toField, type FieldValue } from "./field.ts";
import type { LinearCombination, Wire } from "./linear-combination.ts";

/**
 * Values of all wires. Nearly all are bits or small integers and live in a typed array; full-size field elements (hash
 * states, the challenge) live in a map beside it.
 */
export class WitnessVector {
  readonly #small: Float64Array;
  readonly #large = new Map<Wire, bigint>();

  constructor(wireCount: number) {
    this.#small = new Float64Array(wireCount);
  }

  get length(): number {
    return this.#small.length;
  }

  get(wire: Wire): FieldValue {
    return this.#large.get(wire) ?? this.#small[wire] ?? 0;
  }

  set(wire: Wire, value: FieldValue): void {
    if (typeof value === "number") {
      this.#large.delete(wire);
      this.#small[wire] = value;
    } else {
      this.#large.set(wire, toField(value));
    }
  }

  /** Exact value of a linear combination. */
  evaluate({ wires, coefficients }: LinearCombination): FieldValue {
    let total: FieldValue = 0;
    for (let k = 0; k < wires.length; k++) {
      const value = this.get(wires[k] ?? 0);
      if (value === 0) continue;
      total = addField(total, multiplyField(value, coefficients[k] ?? 0));
    }
    return typeof total === "bigint" ? toField(total) : total;
  }
}
