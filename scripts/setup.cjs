/*
 * Makes a fresh clone ready: installs the dependencies with the Node version that the project needs. Runs before every
 * `npm start` and `npm test`, on whatever Node (18 or later) is there, and does nothing if all is in place.
 */
"use strict";

const { spawnSync } = require("node:child_process");
const { existsSync, statSync } = require("node:fs");
const path = require("node:path");

const root = path.resolve(__dirname, "..");
const lock = path.join(root, "package-lock.json");
/** npm writes it at the end of an installation. */
const installed = path.join(root, "node_modules", ".package-lock.json");

const { devDependencies } = require(path.join(root, "package.json"));

function isReady() {
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
}

function install() {
  process.stdout.write("Installing dependencies. This takes a minute, the first time only.\n");
  // Under an older Node, npm would skip packages that need this one. Not `npm ci`: it refuses a lock file that leaves out
  // builds for other platforms, which not every registry carries. `--no-save` keeps the lock file as it is.
  const npm = ["npm", "install", "--no-save", "--no-audit", "--no-fund"];
  const args = ["-y", "-p", `node@${devDependencies.node}`, "--", ...npm];
  const env = {
    ...process.env,
    // ONNX Runtime's own download is for CUDA; its CPU library comes with the package.
    ONNXRUNTIME_NODE_INSTALL: "skip",
    // node-llama-cpp's libraries come as packages; where there is none for a machine, it would fetch and compile llama.cpp.
    NODE_LLAMA_CPP_SKIP_DOWNLOAD: "true",
  };
  const isWindows = process.platform === "win32";
  const { status } = spawnSync("npx", args, { cwd: root, env, stdio: "inherit", shell: isWindows });
  return status === 0;
}

if (!isReady() && !install()) {
  process.stderr.write("error SETUP_FAILED: The dependencies could not be installed.\n");
  process.stderr.write("  Check the connection to the npm registry and run the command again.\n");
  process.exitCode = 1;
}
