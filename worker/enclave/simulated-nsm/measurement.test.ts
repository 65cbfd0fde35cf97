import { writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { measure, sourcesOf } from "./measurement.ts";
import { newFolder, removeFolders } from "../../testing/folders.ts";

const MAIN = path.resolve(import.meta.dirname, "../main.ts");
const ROOT = path.resolve(import.meta.dirname, "../../..");

async function smallProgram(imported: string): Promise<string> {
  const folder = await newFolder();
  const program = path.join(folder, "program.ts");
  await writeFile(program, 'import { x } from "./imported.ts";\nimport fs from "node:fs";\n');
  await writeFile(path.join(folder, "imported.ts"), imported);
  await writeFile(path.join(folder, "other.ts"), imported);
  return program;
}

describe("the measurement of a simulated enclave", () => {
  after(removeFolders);

  it("covers all that decides on answers, and nothing of the host or the tests", async () => {
    const sources = (await sourcesOf(MAIN)).map((file) => path.relative(ROOT, file));
    expect(sources).to.include.members([
      "worker/enclave/main.ts",
      "worker/enclave/answer-desk.ts",
      "worker/enclave/enclave-key.ts",
      "worker/runtimes/llama.ts",
      "worker/runtimes/openai.ts",
      "sdk/chat-request.ts",
      "sdk/language-model.ts",
      "sdk/receipt.ts",
    ]);
    expect(
      sources.filter((file) => /\.test\.ts$|worker\/(attested|testing)/.test(file)),
    ).to.deep.equal([]);
  });

  it("is the same for the same, 48 bytes each and never zero", async () => {
    const [one, two] = [await measure(MAIN, "start"), await measure(MAIN, "start")];
    expect(one).to.deep.equal(two);
    expect(one).to.have.length(3);
    for (const pcr of one) {
      expect(pcr).to.have.length(48);
      expect(pcr.some((byte) => byte !== 0)).to.equal(true);
    }
  });

  it("tells programs and starts apart", async () => {
    const program = await smallProgram("export const x = 1;\n");
    const [before] = await measure(program, "a");
    await writeFile(path.join(path.dirname(program), "other.ts"), "// not imported");
    expect((await measure(program, "a"))[0]).to.deep.equal(before);
    expect((await measure(program, "b"))[0]).to.deep.equal(before);
    expect((await measure(program, "b"))[2]).not.to.deep.equal((await measure(program, "a"))[2]);
    await writeFile(path.join(path.dirname(program), "imported.ts"), "export const x = 2;\n");
    expect((await measure(program, "a"))[0]).not.to.deep.equal(before);
  });
});
