/**
 * Readings of the queries that the model checker writes. It speaks of whole numbers (`Int`) throughout. Z3 is at home with
 * whole numbers where a property is about arithmetic, and with bit vectors where it is about shifts and masks; not with both.
 */

/** An S-expression: an atom, or a list. */
type Expression = string | readonly Expression[];

/** What Z3 is given. `isAboutBits` says which of its solvers it is for. */
export interface Reading {
  readonly smtlib: string;
  readonly assertions: number;
  readonly isAboutBits: boolean;
}

const BIT_OPERATION = /\(bv(?:or|and|xor|not|shl|lshr) /;

/** Holds every number of the language, and sums of a few, with their signs. */
const WORD_BITS = 288;

const WORD = `(_ BitVec ${WORD_BITS})`;

/** Signed, since the checker's numbers have signs. Products and quotients are left out: they would need more bits. */
const WORD_OPERATIONS: Readonly<Record<string, string>> = {
  "+": "bvadd",
  "-": "bvsub",
  "<=": "bvsle",
  "<": "bvslt",
  ">=": "bvsge",
  ">": "bvsgt",
};

const NOT_FOR_WORDS = new Set(["*", "div", "mod", "abs"]);

export function read(query: string): Reading {
  const commands = parse(query);
  const isAboutBits = BIT_OPERATION.test(query);
  const read = isAboutBits ? asWords(commands) : asIntegers(commands);
  const assertions = read.filter(([head]) => head === "assert").length;
  return { smtlib: read.map(print).join("\n"), assertions, isAboutBits };
}

// READ

/** Truncations, which the checker writes with bit vectors, become remainders. */
function asIntegers(commands: readonly Expression[]): Expression[] {
  return commands
    .filter(([head]) => head === "assert" || head?.toString().startsWith("declare-"))
    .map(withRemainders);
}

function withRemainders(found: Expression): Expression {
  if (typeof found === "string") return found;
  const bits = found[0] === "bv2nat" ? truncationOf(found[1]) : undefined;
  if (bits === undefined) return found.map(withRemainders);
  return ["mod", withRemainders(bits.of), (1n << bits.bits).toString()];
}

/** `(ite (>= x 0) ((_ int2bv n) x) …)` cuts x to n bits. */
function truncationOf(found?: Expression): { of: Expression; bits: bigint } | undefined {
  if (!Array.isArray(found)) return undefined;
  const [head, , positive] = found as readonly Expression[];
  if (head !== "ite" || !isList(positive)) return undefined;
  const [conversion, of] = positive;
  if (!isList(conversion) || conversion[1] !== "int2bv" || of === undefined) return undefined;
  return { of, bits: BigInt(String(conversion[2])) };
}

/**
 * Whole numbers become bit vectors. What is assumed about the block and the transaction is left out, with the records that
 * hold it: the fewer assumptions, the stronger what is proved.
 */
function asWords(commands: readonly Expression[]): Expression[] {
  return commands.flatMap((command): Expression[] => {
    const [head, , , sort] = command;
    if (head === "assert") {
      const conjuncts = conjunctsOf(command[1] ?? "true");
      return conjuncts.filter((c) => !mentions(c, "tx_0")).map((c) => ["assert", word(c)]);
    }
    if (head === "declare-const") return [word(command)];
    return head === "declare-fun" && (sort === "Int" || sort === "Bool") ? [word(command)] : [];
  });
}

function conjunctsOf(found: Expression): Expression[] {
  return isList(found) && found[0] === "and" ? found.slice(1).flatMap(conjunctsOf) : [found];
}

function mentions(found: Expression, name: string): boolean {
  return isList(found) ? found.some((part) => mentions(part, name)) : found.includes(name);
}

function word(found: Expression): Expression {
  if (!isList(found)) return wordAtom(found);
  const [head, operand] = found;
  const conversion = operand === undefined ? undefined : conversionOf(head, operand);
  if (conversion !== undefined) return [conversion, ...found.slice(1).map(word)];
  if (NOT_FOR_WORDS.has(String(head))) throw new Error(`${String(head)} beside bit operations`);
  if (head === "-" && found.length === 2) return ["bvneg", ...found.slice(1).map(word)];
  const operation = typeof head === "string" ? WORD_OPERATIONS[head] : undefined;
  return operation === undefined ? found.map(word) : [operation, ...found.slice(1).map(word)];
}

/** From numbers to the checker's own bit vectors and back. */
function conversionOf(head: Expression | undefined, operand: Expression): Expression | undefined {
  if (isList(head) && head[1] === "int2bv") {
    return ["_", "extract", String(Number(head[2]) - 1), "0"];
  }
  if (head !== "bv2nat") return undefined;
  return ["_", "zero_extend", String(WORD_BITS - widthOf(operand))];
}

function wordAtom(atom: string): Expression {
  if (atom === "Int") return WORD;
  return /^\d+$/.test(atom) ? ["_", `bv${atom}`, String(WORD_BITS)] : atom;
}

/** Bits of a bit vector: all its parts have as many. */
function widthOf(found: Expression): number {
  if (!isList(found)) return 0;
  if (found[1] === "int2bv") return Number(found[2]);
  return found.reduce((width, part) => (width === 0 ? widthOf(part) : width), 0);
}

// S-EXPRESSIONS

function isList(found?: Expression): found is readonly Expression[] {
  return Array.isArray(found);
}

function parse(text: string): Expression[] {
  const open: Expression[][] = [[]];
  for (const [token] of text.matchAll(/[()]|\|[^|]*\||[^\s()|]+/g)) {
    if (token === "(") open.push([]);
    else {
      const atom = token === ")" ? open.pop() : token;
      if (atom === undefined || open.length === 0) throw new Error("Unbalanced expression");
      open.at(-1)?.push(atom);
    }
  }
  if (open.length !== 1) throw new Error("Unbalanced expression");
  return open[0] ?? [];
}

function print(found: Expression): string {
  return isList(found) ? `(${found.map(print).join(" ")})` : found;
}
