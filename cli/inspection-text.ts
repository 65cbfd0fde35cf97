import Table from "cli-table3";
import type { Deviation } from "../zkml/integer/accuracy.ts";
import type { Inspection } from "../zkml/inspect/inspect.ts";
import type { TensorOutline } from "../zkml/onnx/outline.ts";

/** An inspection for people. */
export function inspectionLines(inspection: Inspection): string[] {
  const { opset, inputs, outputs, parameters } = inspection;
  return [
    ...inputs.map((input) => `input      ${tensorText(input)}`),
    ...outputs.map((output) => `output     ${tensorText(output)}`),
    `opset      ${opset}`,
    `parameters ${parameters}`,
    `operators  ${operatorsText(inspection)}`,
    ...obstacleLines(inspection),
    ...circuitLines(inspection),
  ];
}

function tensorText({ name, type, shape }: TensorOutline): string {
  return `${name}: ${type} [${shape.join(", ")}]`;
}

function operatorsText({ operators }: Inspection): string {
  return operators
    .map(({ operator, count, supported }) => {
      const times = count === 1 ? operator : `${operator} × ${count}`;
      return supported ? times : `${times} (NOT supported)`;
    })
    .join(", ");
}

function obstacleLines({ unsupported, obstacle }: Inspection): string[] {
  if (unsupported.length > 0) {
    const nodes = unsupported.map(({ name, operator }) => `  node "${name}" (${operator})`);
    return ["It cannot be compiled: these operators are not supported.", ...nodes];
  }
  if (obstacle === undefined) return [];
  return [`It cannot be compiled: ${obstacle.message} (${obstacle.code})`];
}

function circuitLines({ circuit, accuracy }: Inspection): string[] {
  if (circuit === undefined) return [];
  const { layers, input, output, statement, constraints, domainPower, isExact } = circuit;
  const cells = accuracy === undefined ? () => [] : deviationCells;
  const table = new Table({
    head: ["layer", "kind", "size", "weights", "constraints", ...cells("head")],
    style: { head: [], border: [], compact: true },
  });
  layers.forEach(({ name, kind, size, weights, constraints: own }, k) => {
    table.push([name, kind, size, weights, own, ...cells(accuracy?.layers[k])]);
  });
  table.push(
    ["(input's ranges)", "", "", "", input, ...cells()],
    ["(outputs as bytes)", "", "", "", output, ...cells(accuracy?.output)],
    ["(commitment and challenge)", "", "", "", statement, ...cells()],
  );
  return [
    table.toString(),
    `constraints ${isExact ? "" : "about "}${constraints}; domain 2^${domainPower}`,
    ...(isExact ? [] : ["The scales are made up: --samples FILE gives exact numbers and errors."]),
  ];
}

/** Columns of a table with accuracy; empty where nothing was measured. */
function deviationCells(deviation?: Deviation | "head"): string[] {
  if (deviation === "head") return ["largest error", "of range", "risk"];
  if (deviation === undefined) return ["", "", ""];
  const { maxAbsError, relativeError, risk } = deviation;
  return [maxAbsError.toPrecision(3), `${(100 * relativeError).toFixed(2)} %`, risk];
}
