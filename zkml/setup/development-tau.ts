import { BinaryWriter, FILE_HEADER_BYTES, SECTION_HEADER_BYTES } from "../circuit/binary-writer.ts";
import { BASE_FIELD_ORDER, FIELD_BYTES, FIELD_ORDER } from "../circuit/field.ts";
import { listOf } from "../arrays.ts";
import { lagrange, powersOf, truncatedLagrange } from "./evaluation-domain.ts";
import { multiplyGenerators } from "./fixed-base.ts";
import { POINT_BYTES, type Group } from "./points.ts";
import { encodeScalars } from "./scalar-list.ts";
import { drawSecrets, type TauSecrets } from "./tau-secrets.ts";

/** Sections of a prepared `.ptau` file, as snarkjs numbers them. */
const SECTION = {
  header: 1,
  tauG1: 2,
  tauG2: 3,
  alphaTauG1: 4,
  betaTauG1: 5,
  betaG2: 6,
  contributions: 7,
  lagrangeG1: 12,
  lagrangeG2: 13,
  alphaLagrangeG1: 14,
  betaLagrangeG1: 15,
} as const;

/**
 * Makes a Powers of Tau file for development, in seconds, from secrets that are known.
 *
 * A public ceremony computes the same file without anybody ever knowing tau, which takes hours; knowing it, every entry
 * is one multiplication of the generator. The file is as trustworthy as the machine it was made on: fit for tests and
 * local chains, never for production.
 *
 * @param power Largest domain the file serves is `2^power`.
 * @param secrets Drawn, and forgotten, unless they are given.
 */
export async function developmentTau(
  power: number,
  secrets: TauSecrets = drawSecrets(),
): Promise<Uint8Array> {
  const { alpha, beta } = secrets;
  const size = 2 ** power;
  const powers = powersOf(secrets.tau, 2 * size - 1);
  const bases = allLagrange(power, secrets.tau);
  const extended = bases.concat(truncatedLagrange(power + 1, secrets.tau));
  const scaled = (values: readonly bigint[], factor: bigint): bigint[] =>
    values.map((value) => (value * factor) % FIELD_ORDER);

  const scalars: readonly (readonly [id: number, group: Group, values: readonly bigint[]])[] = [
    [SECTION.tauG1, "G1", powers],
    [SECTION.tauG2, "G2", powers.slice(0, size)],
    [SECTION.alphaTauG1, "G1", scaled(powers.slice(0, size), alpha)],
    [SECTION.betaTauG1, "G1", scaled(powers.slice(0, size), beta)],
    [SECTION.betaG2, "G2", [beta]],
    [SECTION.lagrangeG1, "G1", extended],
    [SECTION.lagrangeG2, "G2", bases],
    [SECTION.alphaLagrangeG1, "G1", scaled(bases, alpha)],
    [SECTION.betaLagrangeG1, "G1", scaled(bases, beta)],
  ];
  const points = await multiplyGenerators({
    G1: encodeScalars(valuesOf(scalars, "G1")),
    G2: encodeScalars(valuesOf(scalars, "G2")),
  });

  const used = { G1: 0, G2: 0 };
  const sections = scalars.map(([id, group, values]) => {
    const start = used[group];
    used[group] += values.length * POINT_BYTES[group];
    return { id, content: points[group].subarray(start, used[group]) };
  });
  return encodePtau([
    { id: SECTION.header, content: headerSection(power) },
    ...sections,
    { id: SECTION.contributions, content: new Uint8Array(4) },
  ]);
}

function valuesOf(
  scalars: readonly (readonly [number, Group, readonly bigint[]])[],
  wanted: Group,
): (readonly bigint[])[] {
  return scalars.filter(([, group]) => group === wanted).map(([, , values]) => values);
}

/** The bases of all domains up to `2^power`, one after the other: level `k` starts at entry `2^k - 1`. */
function allLagrange(power: number, tau: bigint): bigint[] {
  return listOf(power + 1, (k) => lagrange(k, tau)).flat();
}

function headerSection(power: number): Uint8Array {
  const writer = new BinaryWriter(4 + FIELD_BYTES + 4 + 4);
  writer.u32(FIELD_BYTES);
  writer.u256(BASE_FIELD_ORDER);
  writer.u32(power);
  writer.u32(power); // power of the ceremony the file was cut from: this one
  return writer.bytes;
}

function encodePtau(sections: readonly { id: number; content: Uint8Array }[]): Uint8Array {
  const size = sections.reduce(
    (total, { content }) => total + SECTION_HEADER_BYTES + content.length,
    FILE_HEADER_BYTES,
  );
  const writer = new BinaryWriter(size);
  writer.fileHeader("ptau", 1, sections.length);
  for (const { id, content } of sections) {
    writer.section(id, content.length);
    writer.raw(content);
  }
  return writer.bytes;
}
