import { at, listOf } from "../arrays.ts";
import type { ConstraintSystem } from "../circuit/constraint-system.ts";
import { equalField } from "../circuit/field.ts";
import type { Wire } from "../circuit/linear-combination.ts";
import { PUBLIC_INPUTS } from "../circuit/statement.ts";
import type { WitnessVector } from "../circuit/witness-vector.ts";
import { runIntegerGraph } from "../integer/run.ts";
import { completions, firstComputedWire } from "./completions.ts";
import {
  aliasTamperings,
  attempt,
  balancedTamperings,
  singleTamperings,
  type Attempts,
  type Tampering,
} from "./forgery.ts";
import { otherInputs, otherModels, otherOutputs, witnessOf, type Lie, type Scene } from "./lies.ts";
import type { Random } from "../random.ts";

/** Public inputs start at wire 1. */
const COMMITMENT: Wire = 1 + PUBLIC_INPUTS.indexOf("commitment");
const CHALLENGE: Wire = 1 + PUBLIC_INPUTS.indexOf("challenge");

/** How many forgeries of each kind to try. */
export interface FuzzBudget {
  /** Wires that are changed alone, in eight ways each; all, if there are no more. */
  readonly wires: number;
  /** Pairs of wires that balance each other. */
  readonly pairs: number;
  /** Decompositions of other numbers. */
  readonly aliases: number;
  /** Wires behind the inputs that are changed, with what follows searched anew: so many bits, and so many numbers. */
  readonly completions: number;
  /** Runs of other models, and on other inputs. */
  readonly lies: number;
}

/** Ways to forge. */
export const FORGERY_KINDS = [
  "wires",
  "pairs",
  "aliases",
  "completions",
  "other outputs",
  "other inputs",
  "other models",
] as const;

type ForgeryKind = (typeof FORGERY_KINDS)[number];

export interface FuzzResult {
  readonly tried: Readonly<Record<ForgeryKind, number>>;
  /** Forgeries that satisfy the circuit, in words: none, if it is sound. */
  readonly accepted: readonly string[];
}

/** Tries forgeries of a model's run, all of which its circuit has to refuse. */
export function fuzz(scene: Scene, budget: FuzzBudget, random: Random): FuzzResult {
  const { graph, circuit, input } = scene;
  const witness = witnessOf(scene, runIntegerGraph(graph, input));
  const broken = circuit.firstUnsatisfied(witness);
  if (broken !== -1) throw new RangeError(`the honest witness breaks row ${broken}`);

  const tamper = (tamperings: Iterable<Tampering>) =>
    inWords(attempt(circuit, witness, withSameChallenge(tamperings)));
  const lie = (lies: Iterable<Lie>) => believed(circuit, witness, lies);
  const { wires, pairs, aliases, lies } = budget;
  const outcomes: Record<ForgeryKind, Outcome> = {
    wires: tamper(singleTamperings(witness, someWires(circuit.wireCount, wires, random))),
    pairs: tamper(balancedTamperings(circuit, witness, { count: pairs, random })),
    aliases: tamper(aliasTamperings(circuit, witness, { count: aliases, random })),
    completions: completed(scene, witness, { wanted: budget.completions, random }),
    "other outputs": lie(otherOutputs(scene)),
    "other inputs": lie(otherInputs(scene, { count: lies, random })),
    "other models": lie(otherModels(scene, { count: lies, random })),
  };
  return {
    tried: mapKinds((kind) => outcomes[kind].tried),
    accepted: FORGERY_KINDS.flatMap((kind) => outcomes[kind].accepted),
  };
}

/** For each kind of forgery. */
export function mapKinds<T>(make: (kind: ForgeryKind) => T): Record<ForgeryKind, T> {
  return Object.fromEntries(FORGERY_KINDS.map((kind) => [kind, make(kind)])) as Record<
    ForgeryKind,
    T
  >;
}

interface Outcome {
  readonly tried: number;
  readonly accepted: readonly string[];
}

function someWires(wireCount: number, wanted: number, random: Random): number[] {
  if (wireCount <= wanted) return listOf(wireCount, (wire) => wire);
  return listOf(wanted, () => Math.floor(random() * wireCount));
}

/** As many bits as numbers are changed: there are far fewer numbers, and each decides more. */
function completed(
  scene: Scene,
  witness: WitnessVector,
  { wanted, random }: { readonly wanted: number; readonly random: Random },
): Outcome {
  const first = firstComputedWire(scene, witness);
  const { bits, numbers } = computedWires(scene.circuit, first);
  const wires = [bits, numbers].flatMap((pool) =>
    someWires(pool.length, wanted, random).map((place) => at(pool, place)),
  );
  return inWords({ tried: wires.length, accepted: [...completions(scene, witness, wires)] });
}

/** Wires from `first` on that a network's own rows name, not the statement's. */
function computedWires(
  { constraints }: ConstraintSystem,
  first: Wire,
): { readonly bits: readonly Wire[]; readonly numbers: readonly Wire[] } {
  const bits = new Set<Wire>();
  const others = new Set<Wire>();
  for (const { kind, a, b, c } of constraints) {
    if (kind === "hash" || kind === "fingerprint" || kind === "statement") continue;
    const kept = kind === "boolean" ? bits : others;
    for (const wire of [a, b, c].flatMap(({ wires }) => wires)) if (wire >= first) kept.add(wire);
  }
  return { bits: [...bits], numbers: [...others].filter((wire) => !bits.has(wire)) };
}

function inWords({ tried, accepted }: Attempts): Outcome {
  const words = accepted.map((tampering) =>
    Array.from(tampering, ([wire, value]) => `wire ${wire} is ${value}`).join(", "),
  );
  return { tried, accepted: words };
}

/**
 * The chain chooses the challenge: under another one, it is asked something else. Words that are only one are not even
 * multiplied by it.
 */
function* withSameChallenge(tamperings: Iterable<Tampering>): Generator<Tampering> {
  for (const tampering of tamperings) if (!tampering.has(CHALLENGE)) yield tampering;
}

function believed(circuit: ConstraintSystem, honest: WitnessVector, lies: Iterable<Lie>): Outcome {
  const accepted: string[] = [];
  let tried = 0;
  for (const { claim, witness } of lies) {
    // A number with more bits than there is room for loses them: what remains may be the truth.
    if (equalField(witness.get(COMMITMENT), honest.get(COMMITMENT))) continue;
    tried++;
    if (circuit.firstUnsatisfied(witness) === -1) accepted.push(claim);
  }
  return { tried, accepted };
}
