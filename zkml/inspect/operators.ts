import { SUPPORTED_OPERATORS } from "../network/registry.ts";
import type { NodeOutline } from "../onnx/outline.ts";

/** How often a network uses an operator. */
export interface OperatorCount {
  readonly operator: string;
  readonly count: number;
  readonly supported: boolean;
}

/** The operators of a network, the most frequent first. */
export function countOperators(nodes: readonly NodeOutline[]): OperatorCount[] {
  const counts = new Map<string, number>();
  for (const { operator } of nodes) counts.set(operator, (counts.get(operator) ?? 0) + 1);
  return [...counts]
    .map(([operator, count]) => ({ operator, count, supported: isSupported(operator) }))
    .sort((a, b) => b.count - a.count || a.operator.localeCompare(b.operator));
}

/** All nodes that stand in the way, not only the first: so a publisher knows the work before starting it. */
export function unsupportedNodes(nodes: readonly NodeOutline[]): NodeOutline[] {
  return nodes.filter(({ operator }) => !isSupported(operator));
}

function isSupported(operator: string): boolean {
  return SUPPORTED_OPERATORS.includes(operator);
}
