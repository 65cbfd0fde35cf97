import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { getBytes } from "ethers";
import OpenAI from "openai";
import { parseChatRequest } from "../../sdk/chat-request.ts";
import {
  encodeLanguageModel,
  readLanguageModel,
  serverManifest,
} from "../../sdk/language-model.ts";
import { OPG_TINY } from "../../worker/testing/opg-tiny.ts";
import { expectFailure } from "./expect-failure.ts";
import { runOpg, startOpg } from "./run-opg.ts";

const GGUF = "opg-tiny.gguf";
const QUESTION = "The price was 80 and is now 99. Did it rise or fall?";

describe("opg llm", () => {
  let folder: string;
  let contentHash: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "opg-llm-"));
    await copyFile(path.join(OPG_TINY, GGUF), path.join(folder, GGUF));
    await writeFile(path.join(folder, "notes.gguf"), "GGUF, or so it says");
    const { manifest, contentHash: hash } = await readLanguageModel(OPG_TINY);
    if (manifest.runtime !== "llama") throw new Error("opg-tiny has no weights");
    contentHash = hash;
    await writeFile(path.join(folder, "prompt.json"), JSON.stringify(manifest.prompt));
  });

  after(() => rm(folder, { recursive: true }));

  const opg = (...args: readonly string[]) => runOpg(folder, "llm", ...args);

  describe("describe", () => {
    const described = ["--prompt", "prompt.json", "--name", "opg-tiny", "--stop", "\n"];

    it("makes a package of a GGUF file", async () => {
      const { stdout, stderr, exitCode } = await opg("describe", GGUF, ...described, "--json");
      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: "" });
      expect(JSON.parse(stdout)).to.deep.equal({
        file: "model.json",
        name: "opg-tiny",
        contentHash,
        contextLength: 384,
      });
      expect((await readLanguageModel(folder)).contentHash).to.equal(contentHash);
    });

    it("replaces nothing unless told so", async () => {
      expectFailure(await opg("describe", GGUF, ...described), "FILE_EXISTS", /model\.json/);
      const { exitCode } = await opg("describe", GGUF, ...described, "--overwrite");
      expect(exitCode).to.equal(0);
    });

    it("makes a package that embeds, without a chat template", async () => {
      const vectors = path.join(folder, "vectors");
      await mkdir(vectors);
      await copyFile(path.join(folder, GGUF), path.join(vectors, GGUF));
      const file = path.join("vectors", GGUF);
      const framed = await opg("describe", file, "--embeds", "--prompt", "prompt.json");
      expectFailure(framed, "LANGUAGE_MODEL_INVALID", /prompt: has no effect/);
      expect((await opg("describe", file, "--embeds")).exitCode).to.equal(0);
      const { manifest } = await readLanguageModel(vectors);
      expect(manifest).to.include({ embeds: true, runtime: "llama" });
      const asked = await opg("ask", "vectors", QUESTION, "--no-gpu");
      expectFailure(asked, "CHAT_REQUEST_INVALID", /turns texts into vectors/);
    });

    it("says what is wrong with what it was given", async () => {
      const describe = (...args: readonly string[]) => opg("describe", ...args, "--overwrite");
      expectFailure(await describe("none.gguf"), "LANGUAGE_MODEL_MISSING", /none\.gguf/);
      expectFailure(await describe("notes.gguf"), "LANGUAGE_MODEL_INVALID", /not a GGUF file/);
      expectFailure(await describe(GGUF), "LANGUAGE_MODEL_INVALID", /no chat template/);
      const prompted = await describe(GGUF, "--prompt", "model.json");
      expectFailure(prompted, "LANGUAGE_MODEL_INVALID", /no prompt's template/);
    });
  });

  describe("ask", () => {
    it("streams the answer", async () => {
      const { stdout, exitCode } = await opg("ask", OPG_TINY, QUESTION, "--no-gpu");
      expect(stdout).to.equal("It rose.\n26 tokens in, 6 out, ended by stop; CPU\n");
      expect(exitCode).to.equal(0);
    });

    it("shows as JSON what a contract would ask with", async () => {
      const draws = ["--temperature", "0.5", "--seed", "3", "--max-tokens", "5"];
      const { stdout } = await opg("ask", OPG_TINY, QUESTION, "--no-gpu", ...draws, "--json");
      const { input, ...answer } = JSON.parse(stdout) as { input: string };
      expect(answer).to.include({ outputTokens: 5, finishReason: "length", device: "CPU" });
      expect(parseChatRequest(getBytes(input))).to.deep.equal({
        messages: [{ role: "user", content: QUESTION }],
        max_tokens: 5,
        seed: 3,
        temperature: 0.5,
      });
    });

    it("says what is wrong with the question", async () => {
      const long = await opg("ask", OPG_TINY, QUESTION, "--no-gpu", "--max-tokens", "384");
      expectFailure(long, "CONTEXT_EXCEEDED", /384/);
      const system = await opg("ask", OPG_TINY, QUESTION, "--no-gpu", "--system", "Be brief.");
      expectFailure(system, "CHAT_REQUEST_INVALID", /system/);
      const hot = await opg("ask", OPG_TINY, QUESTION, "--temperature", "2.5");
      expectFailure(hot, "CHAT_REQUEST_INVALID", /temperature/);
    });

    it("wants to know where the server of a model without weights is", async () => {
      const server = path.join(folder, "server");
      await mkdir(server);
      const manifest = serverManifest({ name: "x", model: "x", contextLength: 64 });
      await writeFile(path.join(server, "model.json"), encodeLanguageModel(manifest));
      expectFailure(await opg("ask", server, "hi"), "CONFIG_INVALID", /server/);
      const nobody = await opg("ask", server, "hi", "--server", "http://127.0.0.1:9/v1");
      expectFailure(nobody, "RUNTIME_UNREACHABLE", /127\.0\.0\.1:9/);
    });
  });

  describe("serve", () => {
    it("refuses two models of one name", async () => {
      const result = await opg("serve", OPG_TINY, OPG_TINY, "--no-gpu", "--port", "0");
      expectFailure(result, "CONFIG_INVALID", /Two of the models are called "opg-tiny"/);
    });

    it("answers OpenAI's clients until it is stopped", async () => {
      const { child, output } = startOpg(
        folder,
        "llm",
        "serve",
        OPG_TINY,
        "--no-gpu",
        "--port",
        "0",
      );
      const closed = once(child, "close");
      try {
        while (!output.stdout.includes("/v1\n") && child.exitCode === null) await sleep(50);
        const baseURL = /^http:.*$/m.exec(output.stdout)?.[0];
        const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
        const { choices } = await client.chat.completions.create({
          model: "opg-tiny",
          messages: [{ role: "user", content: QUESTION }],
          temperature: 0,
        });
        expect(choices[0]?.message.content).to.equal("It rose.");
        const port = new URL(baseURL ?? "").port;
        const second = await opg("serve", OPG_TINY, "--no-gpu", "--port", port);
        expectFailure(second, "CONFIG_INVALID", /listen/);
      } finally {
        child.kill("SIGTERM");
        expect((await closed)[0]).to.equal(0);
      }
    });
  });
});
