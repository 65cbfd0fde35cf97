import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { SUPPORTED_OPERATORS } from "./registry.ts";

describe("supported operators", () => {
  it("are those that the documentation lists", async () => {
    const page = await readFile(new URL("../../docs/zkml.md", import.meta.url), "utf8");
    const section = /## Operators\n(.*?)\n## /s.exec(page)?.[1] ?? "";
    const cells = [...section.matchAll(/^\| ((?:[A-Z]|ai\.)[^|]*)\|/gm)].map(
      ([, cell = ""]) => cell,
    );
    const listed = cells.flatMap((cell) => cell.split(",").map((name) => name.trim()));
    expect(listed.sort()).to.deep.equal([...SUPPORTED_OPERATORS]);
  });
});
