import { at } from "../../../zkml/arrays.ts";
import { floatList, node, strings } from "../../../zkml/onnx/build.ts";
import type { OnnxNode } from "../../../zkml/onnx/model.ts";
import type { Forest, Tree } from "./boosting.ts";

/** A row of ONNX-ML's table of nodes. */
interface NodeRow {
  readonly tree: number;
  readonly id: number;
  readonly content: Tree;
  /** Ids of the branches; 0 for a leaf, which has none. */
  readonly yes: number;
  readonly no: number;
}

/** The forest's log-odds as ONNX-ML's `TreeEnsembleRegressor`. */
export function forestNode({ base, trees }: Forest, input: string, output: string): OnnxNode {
  const rows = trees.flatMap((tree, number) => rowsOf(tree, number));
  const leaves = rows.filter(({ content }) => content.kind === "leaf");
  return node("ai.onnx.ml.TreeEnsembleRegressor", [input], output, {
    n_targets: 1,
    post_transform: "NONE",
    base_values: floatList(base),
    nodes_treeids: rows.map(({ tree }) => tree),
    nodes_nodeids: rows.map(({ id }) => id),
    nodes_modes: strings(
      ...rows.map(({ content }) => (content.kind === "leaf" ? "LEAF" : "BRANCH_LEQ")),
    ),
    nodes_featureids: rows.map(({ content }) => (content.kind === "leaf" ? 0 : content.feature)),
    nodes_values: floatList(
      ...rows.map(({ content }) => (content.kind === "leaf" ? 0 : content.limit)),
    ),
    nodes_truenodeids: rows.map(({ yes }) => yes),
    nodes_falsenodeids: rows.map(({ no }) => no),
    target_treeids: leaves.map(({ tree }) => tree),
    target_nodeids: leaves.map(({ id }) => id),
    target_ids: leaves.map(() => 0),
    target_weights: floatList(
      ...leaves.map(({ content }) => (content.kind === "leaf" ? content.value : 0)),
    ),
  });
}

/** All nodes of a tree, numbered from the root on, level by level. */
function rowsOf(root: Tree, tree: number): NodeRow[] {
  const contents = [root];
  const rows: NodeRow[] = [];
  for (let id = 0; id < contents.length; id++) {
    const content = at(contents, id);
    if (content.kind === "leaf") {
      rows.push({ tree, id, content, yes: 0, no: 0 });
      continue;
    }
    rows.push({ tree, id, content, yes: contents.length, no: contents.length + 1 });
    contents.push(content.yes, content.no);
  }
  return rows;
}
