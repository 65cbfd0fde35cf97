import process from "node:process";
import { SingleBar } from "cli-progress";

/** Moves to a step; `done` is the part of it that is behind. */
export type ProgressListener<Step extends string> = (step: Step, done?: number) => void;

/** Of each step, in the bar's units. */
const UNITS = 100;

/**
 * Acts under a bar on stderr that counts steps. There is none where stderr is no terminal: logs and pipes stay as they
 * are.
 */
export async function withProgress<Step extends string, T>(
  steps: readonly Step[],
  act: (onProgress: ProgressListener<Step>) => Promise<T>,
): Promise<T> {
  const bar = new SingleBar({
    format: "{bar} {percentage} % · {step} · {duration_formatted}",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 30,
    stream: process.stderr,
    clearOnComplete: true,
    // The time is to go on while a step stands still.
    forceRedraw: true,
  });
  bar.start(steps.length * UNITS, 0, { step: steps[0] ?? "" });
  try {
    return await act((step, done = 0) => {
      bar.update(Math.floor((steps.indexOf(step) + done) * UNITS), { step });
    });
  } finally {
    bar.stop();
  }
}
