const STEP = "    ";

/** Indents every line of code by the braces and parentheses that are open before it. */
export function indented(code: string): string {
  let depth = 0;
  const lines = code.split("\n").map((raw) => {
    const line = raw.trim();
    const isComment = line.startsWith("//");
    const closing = isComment ? 0 : (/^[)}]+/.exec(line)?.[0].length ?? 0);
    const text = line === "" ? "" : STEP.repeat(depth - closing) + line;
    if (!isComment) depth += count(line, /[({]/g) - count(line, /[)}]/g);
    return text;
  });
  return lines.join("\n");
}

function count(line: string, pattern: RegExp): number {
  return line.match(pattern)?.length ?? 0;
}
