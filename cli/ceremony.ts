import type { Ceremony } from "../zkml/setup/ceremony.ts";
import type { Contribution } from "../zkml/setup/key-transcript.ts";

/** A ceremony as lines of text: what it started from, and who took part. */
export function ceremonyLines({ powersOfTau, contributions }: Ceremony): string[] {
  const { origin, power, blake2b } = powersOfTau;
  return [
    `Powers of Tau: ${origin}, 2^${power}, BLAKE2b ${blake2b}`,
    ...contributions.map((contribution, i) => contributionLine(contribution, i + 1)),
  ];
}

/** @param number Position in the ceremony, counted from 1. */
export function contributionLine(contribution: Contribution, number: number): string {
  const { kind, name, hash } = contribution;
  const line = `#${number} ${kind === "beacon" ? "beacon" : "contribution"} "${name}": ${hash}`;
  if (kind === "random") return line;
  return `${line}, of ${contribution.value} hashed 2^${contribution.iterationsExponent} times`;
}
