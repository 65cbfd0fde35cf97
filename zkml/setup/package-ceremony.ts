import { at } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import { readKeys, writeKeys } from "../model/package.ts";
import type { Ceremony } from "./ceremony.ts";
import { BEACON_EXPONENT, isContributorName, type Contribution } from "./key-transcript.ts";
import {
  applyBeacon,
  contribute,
  type BeaconOptions,
  type CircuitKeys,
  type ContributionOptions,
} from "./keys.ts";

/** A contribution that was made. */
export interface MadeContribution {
  readonly contribution: Contribution;
  /** Counted from 1. */
  readonly number: number;
  /** SHA-256 of the package's new transcript. */
  readonly transcriptHash: string;
}

/**
 * Adds randomness to a package's keys. Proofs under the old keys do not verify under the new ones, and the package gets
 * another content hash.
 *
 * @throws ZkmlError `FILE_MISSING`, `FILE_CORRUPTED`, `CONTRIBUTION_INVALID`, `CEREMONY_CLOSED`, `SETUP_FAILED` or
 * `FILE_UNWRITABLE`. The package is then as it was.
 */
export function contributeToPackage(
  folder: string,
  options: ContributionOptions,
): Promise<MadeContribution> {
  requireContributorName(options.name);
  return extend(folder, (provingKey) => contribute(provingKey, options));
}

/**
 * Ends a package's ceremony with a public random value.
 *
 * @throws ZkmlError as `contributeToPackage` does.
 */
export function applyBeaconToPackage(
  folder: string,
  options: BeaconOptions,
): Promise<MadeContribution> {
  requireContributorName(options.name);
  requireBeacon(options);
  return extend(folder, (provingKey) => applyBeacon(provingKey, options));
}

async function extend(
  folder: string,
  apply: (provingKey: Uint8Array) => Promise<CircuitKeys>,
): Promise<MadeContribution> {
  const before = await readKeys(folder);
  requireOpen(before.ceremony);
  const keys = await apply(before.keys.provingKey);
  await writeKeys(folder, keys, before.ceremony.powersOfTau, before.transcriptHash);

  const { ceremony, transcriptHash } = await readKeys(folder);
  const number = ceremony.contributions.length;
  return { contribution: at(ceremony.contributions, number - 1), number, transcriptHash };
}

/** Whoever contributed after the beacon could choose the key after all. */
function requireOpen({ contributions }: Ceremony): void {
  if (contributions.at(-1)?.kind !== "beacon") return;
  throw new ZkmlError(
    "CEREMONY_CLOSED",
    `The ceremony was closed by a beacon, contribution #${contributions.length}.`,
    "Use the keys as they are, or set the model up again.",
  );
}

/** @throws ZkmlError `CONTRIBUTION_INVALID`. */
export function requireContributorName(name: string): void {
  if (isContributorName(name)) return;
  throw new ZkmlError(
    "CONTRIBUTION_INVALID",
    `${JSON.stringify(name)} cannot be the name of a contribution.`,
    "Give 1 to 64 characters that can be seen.",
  );
}

function requireBeacon({ value, iterationsExponent }: BeaconOptions): void {
  const { minimum, maximum } = BEACON_EXPONENT;
  if (!/^([0-9a-f]{2}){1,255}$/i.test(value)) {
    throw new ZkmlError(
      "CONTRIBUTION_INVALID",
      `"${value}" cannot be the value of a beacon.`,
      "Give 1 to 255 bytes as hex digits.",
    );
  }
  if (
    !Number.isInteger(iterationsExponent) ||
    iterationsExponent < minimum ||
    iterationsExponent > maximum
  ) {
    throw new ZkmlError(
      "CONTRIBUTION_INVALID",
      `A beacon cannot be hashed 2^${iterationsExponent} times.`,
      `Give an exponent from ${minimum} to ${maximum}.`,
    );
  }
}
