/** What others publish of a prover, on their machines. */
interface PublishedFigure {
  readonly prover: string;
  readonly proofSeconds: number;
  readonly verifySeconds: number;
  readonly provingKeyGb: number;
  readonly memoryGb: number;
}

/**
 * Figures of several provers for one network, by the authors of one of them. Not measured here, and not to be compared in
 * seconds with what is: the machine, the precision and what is proved differ.
 */
export const PUBLISHED = {
  network: "784-2000-60-4000-10, rectifiers",
  hardware: "Intel Xeon E5-2665, 16 threads, 350 GB of memory",
  source: "README of Bionetta (arXiv:2510.06784), github.com/Anonymous1725/Bionetta",
  figures: [
    { prover: "EZKL", proofSeconds: 1310, verifySeconds: 5.4, provingKeyGb: 8.3, memoryGb: 21.15 },
    {
      prover: "Bionetta (UltraGroth)",
      ...{ proofSeconds: 3.05, verifySeconds: 0.01, provingKeyGb: 0.2, memoryGb: 0.27 },
    },
  ] satisfies PublishedFigure[],
} as const;
