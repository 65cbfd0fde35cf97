import { addField, toField, type FieldValue } from "../circuit/field.ts";
import type { Wire } from "../circuit/linear-combination.ts";
import { PUBLIC_INPUTS } from "../circuit/statement.ts";
import type { WitnessVector } from "../circuit/witness-vector.ts";
import { INTEGER_FORMATS, specOfEach } from "../integer/tensor-spec.ts";
import type { Tampering } from "./forgery.ts";
import type { Scene } from "./lies.ts";
import { search } from "./solver.ts";

/** Public inputs start at wire 1. */
const CHALLENGE: Wire = 1 + PUBLIC_INPUTS.indexOf("challenge");

/**
 * Changes one wire, leaves those before it as they are, and searches values for all behind it: a forger who makes up a number
 * in the middle of a run, and everything that follows from it. Gives the changes that can be completed.
 */
export function* completions(
  scene: Scene,
  witness: WitnessVector,
  wires: Iterable<Wire>,
): Generator<Tampering> {
  const start = inputStart(scene);
  for (const wire of wires) {
    const honest = witness.get(wire);
    for (const value of [addField(honest, 1), toField(1n - toField(honest))]) {
      if (toField(value) === toField(honest)) continue;
      if (canComplete(scene, witness, { wire, value, start })) yield new Map([[wire, value]]);
    }
  }
}

/** The first wire behind those of the inputs. */
export function firstComputedWire(scene: Scene, witness: WitnessVector): Wire {
  const specs = specOfEach(scene.graph.inputs);
  return specs.reduce((wire, { type }, i) => {
    if (witness.get(wire) !== scene.input[i]) throw new RangeError(`wire ${wire} is no input`);
    // The number itself and its bits but the top one.
    return wire + (type === "bool" ? 1 : 8 * INTEGER_FORMATS[type].bytes);
  }, inputStart(scene));
}

/** Inputs are the first wires behind the public ones and their copies. */
function inputStart({ circuit: { one, publicCount } }: Scene): Wire {
  return one + publicCount + 1;
}

interface Change {
  readonly wire: Wire;
  readonly value: FieldValue;
  readonly start: Wire;
}

function canComplete(
  { circuit }: Scene,
  witness: WitnessVector,
  { wire, value, start }: Change,
): boolean {
  const given = new Map<Wire, bigint>([
    [0, 1n],
    [CHALLENGE, toField(witness.get(CHALLENGE))],
    [wire, toField(value)],
  ]);
  for (let before = start; before < wire; before++) given.set(before, toField(witness.get(before)));
  const { found } = search({
    rows: circuit.constraints,
    wireCount: circuit.wireCount,
    given,
    guesses: (each) => [toField(witness.get(each))],
    accept: () => true,
  });
  return found !== undefined;
}
