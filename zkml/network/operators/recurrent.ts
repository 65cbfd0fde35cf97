import { at, elementCount, listOf } from "../../arrays.ts";
import type { OnnxNode, Tensor } from "../../onnx/model.ts";
import { combine, constantForm, mixRows, scaleForm, type AffineForm } from "../affine.ts";
import { attribute, choiceAttribute, flagAttribute, intAttribute } from "../attributes.ts";
import {
  constantInput,
  optionalConstant,
  requireInput,
  shapeError,
  unsupported,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { SCALAR_FUNCTIONS } from "../scalar-functions.ts";
import { formsOf, fromForms, shapeOf, typeOf, type Value } from "../value.ts";
import { choose } from "./logic.ts";

/*
 * Recurrent layers, unrolled: every step is a layer of its own. Weights are constants; initial states may be computed.
 */

type Forms = readonly AffineForm[];

/** One direction's weights. Matrices are row-major, one row per result. */
interface Weights {
  readonly input: Matrix;
  readonly recurrent: Matrix;
  readonly inputBias: ArrayLike<number>;
  readonly recurrentBias: ArrayLike<number>;
  /** Of the cell's state to the gates of an LSTM; zero without. */
  readonly peephole: ArrayLike<number>;
}

interface Matrix {
  readonly columns: number;
  readonly values: ArrayLike<number>;
}

/** What a step takes from the one before: one list for an RNN or GRU, hidden state and cell for an LSTM. */
type State = readonly Forms[];

interface StepContext {
  readonly context: OperatorContext;
  readonly hidden: number;
  readonly weights: Weights;
  readonly activations: readonly Activation[];
}

type Activation = (context: OperatorContext, forms: Forms) => Forms;

/** One step for one element of the batch. */
type Cell = (step: StepContext, input: Forms, state: State) => State;

interface Kind {
  readonly cell: Cell;
  /** How many matrices are stacked in the weights. */
  readonly gates: number;
  /** Hidden state, and for an LSTM the cell's. */
  readonly states: number;
  readonly activations: readonly string[];
}

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  relu: (context, forms) => context.rectify(forms),
  sigmoid: (context, forms) => context.apply(SCALAR_FUNCTIONS.sigmoid, forms),
  tanh: (context, forms) => context.apply(SCALAR_FUNCTIONS.tanh, forms),
};

// CELLS

const simpleCell: Cell = (step, input, [previous = []]) => {
  const [activation] = step.activations as [Activation];
  return [activation(step.context, gateSums(step, { gate: 0, input, previous }))];
};

const gatedCell: Cell = (step, input, [previous = []]) => {
  const { context, hidden, activations } = step;
  const [gate, activation] = activations as [Activation, Activation];
  const gates = gate(context, [
    ...gateSums(step, { gate: 0, input, previous }),
    ...gateSums(step, { gate: 1, input, previous }),
  ]);
  const [update, reset] = [gates.slice(0, hidden), gates.slice(hidden)];
  const fromInput = inputSums(step, 2, input);
  const fromState = flagAttribute(context.node, "linear_before_reset")
    ? context.multiply(reset, stateSums(step, 2, previous))
    : stateSums(step, 2, context.multiply(reset, previous));
  const candidate = activation(context, add(fromInput, fromState));
  return [choose(context, { conditions: update, yes: previous, no: candidate })];
};

const memoryCell: Cell = (step, input, [previous = [], cell = []]) => {
  const { context, hidden, activations, weights } = step;
  const [gate, activation, output] = activations as [Activation, Activation, Activation];
  const look = (place: number, state: Forms) =>
    state.map((form, k) => scaleForm(form, at(weights.peephole, place * hidden + k)));
  // In the order of the standard.
  const [inputGate, outputGate, forgetGate, cellGate] = [0, 1, 2, 3] as const;
  const sumsOf = (each: number) => gateSums(step, { gate: each, input, previous });
  const gates = gate(context, [
    ...add(sumsOf(inputGate), look(0, cell)),
    ...add(sumsOf(forgetGate), look(2, cell)),
  ]);
  const [taken, kept] = [gates.slice(0, hidden), gates.slice(hidden)];
  const candidate = activation(context, sumsOf(cellGate));
  const products = context.multiply([...kept, ...taken], [...cell, ...candidate]);
  const next = add(products.slice(0, hidden), products.slice(hidden));
  const shown = gate(context, add(sumsOf(outputGate), look(1, next)));
  return [context.multiply(shown, output(context, next)), next];
};

// SUMS

interface GateOperands {
  readonly gate: number;
  readonly input: Forms;
  readonly previous: Forms;
}

function gateSums(step: StepContext, { gate, input, previous }: GateOperands): AffineForm[] {
  return add(inputSums(step, gate, input), stateSums(step, gate, previous));
}

function inputSums({ hidden, weights }: StepContext, gate: number, input: Forms): AffineForm[] {
  return rows(weights.input, weights.inputBias, { first: gate * hidden, count: hidden, input });
}

function stateSums({ hidden, weights }: StepContext, gate: number, state: Forms): AffineForm[] {
  return rows(weights.recurrent, weights.recurrentBias, {
    first: gate * hidden,
    count: hidden,
    input: state,
  });
}

interface RowRange {
  readonly first: number;
  readonly count: number;
  readonly input: Forms;
}

function rows(
  { columns, values }: Matrix,
  bias: ArrayLike<number>,
  { first, count, input }: RowRange,
): AffineForm[] {
  return listOf(count, (row) =>
    combine(
      input.map((form, k) => ({ weight: at(values, (first + row) * columns + k), form })),
      at(bias, first + row),
    ),
  );
}

function add(left: Forms, right: Forms): AffineForm[] {
  return mixRows([
    [1, left],
    [1, right],
  ]);
}

// UNROLLING

function recurrent({ cell, gates, states, activations: defaults }: Kind): Operator {
  return (context) => {
    const { node } = context;
    requirePlain(context);
    const input = requireInput(context, 0);
    const [length = 0, batch = 0, width = 0] = shapeOf(input);
    const hidden = intAttribute(node, "hidden_size", 0);
    const direction = choiceAttribute(node, "direction", ["forward", "reverse", "bidirectional"]);
    const directions = direction === "bidirectional" ? [false, true] : [direction === "reverse"];
    const activations = activationsOf(node, defaults, directions.length);
    const size = { gates, hidden, width, directions: directions.length };
    const weights = weightsOf(context, size);
    const initial = listOf(states, (state) =>
      initialState(context, 5 + state, directions.length * batch * hidden),
    );

    const forms = formsOf(input);
    const shown: AffineForm[] = [];
    const last: AffineForm[][] = listOf(states, () => []);
    directions.forEach((isReverse, each) => {
      for (let element = 0; element < batch; element++) {
        const start = (each * batch + element) * hidden;
        let state: State = initial.map((all) => all.slice(start, start + hidden));
        for (let moment = 0; moment < length; moment++) {
          const time = isReverse ? length - 1 - moment : moment;
          const first = (time * batch + element) * width;
          const step = {
            context,
            hidden,
            weights: at(weights, each),
            activations: activations.slice(each * defaults.length, (each + 1) * defaults.length),
          };
          state = cell(step, forms.slice(first, first + width), state);
          const place = ((time * directions.length + each) * batch + element) * hidden;
          at(state, 0).forEach((form, k) => {
            shown[place + k] = form;
          });
        }
        state.forEach((part, k) => at(last, k).push(...part));
      }
    });
    const type = typeOf(input);
    const stateShape = [directions.length, batch, hidden];
    return [
      fromForms([length, ...stateShape], shown, type),
      ...last.map((part): Value => fromForms(stateShape, part, type)),
    ];
  };
}

function requirePlain(context: OperatorContext): void {
  const { node } = context;
  if (intAttribute(node, "layout", 0) !== 0) throw unsupported(node, 'has "layout" 1');
  if (attribute(node, "clip", "float") !== undefined) throw unsupported(node, 'has a "clip"');
  if (flagAttribute(node, "input_forget")) throw unsupported(node, 'has "input_forget"');
  const lengths = optionalConstant(context, 4, "sequence lengths");
  const [length] = shapeOf(requireInput(context, 0));
  if (lengths?.values.some((each) => each !== length) === true) {
    throw unsupported(node, "has sequences that are shorter than its input");
  }
}

function activationsOf(
  node: OnnxNode,
  defaults: readonly string[],
  directions: number,
): readonly Activation[] {
  const names =
    attribute(node, "activations", "strings") ?? listOf(directions, () => defaults).flat();
  if (names.length !== defaults.length * directions) {
    throw shapeError(node, `has ${names.length} activations`);
  }
  return names.map((name) => {
    const known = ACTIVATIONS[name.toLowerCase()];
    if (known === undefined) throw unsupported(node, `has activation ${name}`);
    return known;
  });
}

interface Size {
  readonly gates: number;
  readonly hidden: number;
  readonly width: number;
  readonly directions: number;
}

function weightsOf(
  context: OperatorContext,
  { gates, hidden, width, directions }: Size,
): readonly Weights[] {
  const rowCount = gates * hidden;
  const input = sized(context, constantInput(context, 1, "weights"), [directions, rowCount, width]);
  const recurrentWeights = sized(context, constantInput(context, 2, "weights"), [
    directions,
    rowCount,
    hidden,
  ]);
  const bias = optionalConstant(context, 3, "biases");
  const biases = bias === undefined ? undefined : sized(context, bias, [directions, 2 * rowCount]);
  const peephole = optionalConstant(context, 7, "peepholes");
  const peepholes =
    peephole === undefined ? undefined : sized(context, peephole, [directions, 3 * hidden]);
  return listOf(directions, (each) => ({
    input: { columns: width, values: part(input, each, rowCount * width) },
    recurrent: { columns: hidden, values: part(recurrentWeights, each, rowCount * hidden) },
    inputBias: part(biases, 2 * each, rowCount),
    recurrentBias: part(biases, 2 * each + 1, rowCount),
    peephole: part(peepholes, each, 3 * hidden),
  }));
}

function sized(
  { node }: OperatorContext,
  { shape, values }: Tensor,
  wanted: readonly number[],
): Float64Array {
  if (shape.length === wanted.length && shape.every((size, axis) => size === wanted[axis]))
    return values;
  throw shapeError(
    node,
    `has weights of shape [${shape.join(", ")}] instead of [${wanted.join(", ")}]`,
  );
}

/** The `index`th part of so many numbers; zeros where there are none. */
function part(values: Float64Array | undefined, index: number, length: number): Float64Array {
  return values?.subarray(index * length, (index + 1) * length) ?? new Float64Array(length);
}

function initialState(context: OperatorContext, index: number, count: number): Forms {
  const given = context.inputs[index];
  if (given === undefined) return listOf(count, () => constantForm(0));
  if (elementCount(shapeOf(given)) === count) return formsOf(given);
  throw shapeError(context.node, `has an initial state of shape [${shapeOf(given).join(", ")}]`);
}

/** ONNX `RNN`. */
export const simpleRecurrent = recurrent({
  cell: simpleCell,
  gates: 1,
  states: 1,
  activations: ["Tanh"],
});

/** ONNX `GRU` (Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", EMNLP 2014). */
export const gatedRecurrent = recurrent({
  cell: gatedCell,
  gates: 3,
  states: 1,
  activations: ["Sigmoid", "Tanh"],
});

/** ONNX `LSTM` (Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997), with peepholes. */
export const longShortTermMemory = recurrent({
  cell: memoryCell,
  gates: 4,
  states: 2,
  activations: ["Sigmoid", "Tanh", "Tanh"],
});
