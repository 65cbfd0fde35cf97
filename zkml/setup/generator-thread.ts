import { workerData } from "node:worker_threads";
import { multiplyShare, type GeneratorShare } from "./generator-share.ts";

/*
 * A thread that multiplies generators, and ends.
 */

multiplyShare(workerData as GeneratorShare);
