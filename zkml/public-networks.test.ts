import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { expect } from "chai";
import { z } from "zod";
import { at } from "./arrays.ts";
import { ZkmlError } from "./errors.ts";
import { quantiseTensor } from "./integer/tensor-spec.ts";
import { runIntegerGraph } from "./integer/run.ts";
import { compileModel } from "./model/compile-model.ts";

const inputSchema = z.object({ input_data: z.array(z.array(z.number())) });
const expectedSchema = z.object({ outputs: z.array(z.object({ data: z.array(z.number()) })) });

/** Networks of these vectors that consist of supported operators only. */
const SUPPORTED = ["2l_relu_fc"];

describe("public ONNX networks", function () {
  const { VECTORS_DIR } = process.env;

  before(function () {
    if (VECTORS_DIR !== undefined) return;
    process.stdout.write("    set VECTORS_DIR to the folder of the test vectors to run these\n");
    this.skip();
  });

  const folderOf = (name: string) => path.join(VECTORS_DIR ?? "", "onnx", name);

  async function compile(name: string) {
    const onnx = new Uint8Array(await readFile(path.join(folderOf(name), "network.onnx")));
    const sample = await readSample(name);
    const model = compileModel(onnx, { samples: [sample], dimensions: { batch_size: 1 } });
    return { model, sample };
  }

  async function readSample(name: string): Promise<number[]> {
    const file = await readFile(path.join(folderOf(name), "input.json"), "utf8");
    return at(inputSchema.parse(JSON.parse(file)).input_data, 0);
  }

  for (const name of SUPPORTED) {
    it(`${name} gives what onnxruntime gives`, async () => {
      const { model, sample } = await compile(name);
      const { graph } = model;
      const { outputs } = runIntegerGraph(graph, quantiseTensor(graph.input, sample));
      const file = await readFile(path.join(folderOf(name), "expected.json"), "utf8");
      const expected = at(expectedSchema.parse(JSON.parse(file)).outputs, 0).data;
      expect(outputs).to.have.length(expected.length);
      expected.forEach((value, i) => {
        expect(at(outputs, i) * graph.output.scale).to.be.closeTo(value, 0.02);
      });
    });
  }

  it("are refused in words where an operator is missing", async () => {
    const entries = await readdir(folderOf(""), { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(names.length).to.be.greaterThan(30);
    for (const name of names.filter((each) => !SUPPORTED.includes(each))) {
      const error = await refusalOf(async () => {
        const file = path.join(folderOf(name), "network.onnx");
        const onnx = new Uint8Array(await readFile(file));
        compileModel(onnx, { samples: [], dimensions: { batch_size: 1 } });
      });
      expect(error.message, name).to.match(/operator \w+|exactly one is supported|sample/);
    }
  });
});

async function refusalOf(action: () => Promise<void>): Promise<ZkmlError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof ZkmlError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
