import { randomBytes } from "node:crypto";
import { BinaryWriter, FILE_HEADER_BYTES, SECTION_HEADER_BYTES } from "../circuit/binary-writer.ts";
import { BASE_FIELD_ORDER, FIELD_BYTES, FIELD_ORDER, toField } from "../circuit/field.ts";
import { at } from "../arrays.ts";
import { multiplyGenerator } from "./fixed-base.ts";
import { POINT_BYTES, type Group } from "./points.ts";

/** The three secrets behind a Powers of Tau file. Who knows them can forge proofs for every key made from it. */
export interface TauSecrets {
  readonly tau: bigint;
  readonly alpha: bigint;
  readonly beta: bigint;
}

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
 * Makes a Powers of Tau file for development, in seconds, from secrets that this process draws and forgets.
 *
 * A public ceremony computes the same file without anybody ever knowing tau, which takes hours; knowing it, every entry
 * is one multiplication of the generator. The file is as trustworthy as the machine it was made on: fit for tests and
 * local chains, never for production.
 *
 * @param power Largest domain the file serves is `2^power`.
 * @param secrets Only for tests that need known ones; random by default.
 */
export async function developmentTau(
  power: number,
  secrets: TauSecrets = drawSecrets(),
): Promise<Uint8Array> {
  const { alpha, beta } = secrets;
  const size = 2 ** power;
  const powers = powersOf(secrets.tau, 2 * size - 1);
  const lagrange = allLagrange(power, secrets.tau);
  const extended = [...lagrange, ...truncatedLagrange(power + 1, secrets.tau)];
  const scaled = (values: readonly bigint[], factor: bigint): bigint[] =>
    values.map((value) => (value * factor) % FIELD_ORDER);

  const scalars: readonly (readonly [id: number, group: Group, values: readonly bigint[]])[] = [
    [SECTION.tauG1, "G1", powers],
    [SECTION.tauG2, "G2", powers.slice(0, size)],
    [SECTION.alphaTauG1, "G1", scaled(powers.slice(0, size), alpha)],
    [SECTION.betaTauG1, "G1", scaled(powers.slice(0, size), beta)],
    [SECTION.betaG2, "G2", [beta]],
    [SECTION.lagrangeG1, "G1", extended],
    [SECTION.lagrangeG2, "G2", lagrange],
    [SECTION.alphaLagrangeG1, "G1", scaled(lagrange, alpha)],
    [SECTION.betaLagrangeG1, "G1", scaled(lagrange, beta)],
  ];
  const points = {
    G1: await multiplyGenerator("G1", valuesOf(scalars, "G1")),
    G2: await multiplyGenerator("G2", valuesOf(scalars, "G2")),
  };

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
): bigint[] {
  return scalars.flatMap(([, group, values]) => (group === wanted ? values : []));
}

function drawSecrets(): TauSecrets {
  return { tau: randomScalar(), alpha: randomScalar(), beta: randomScalar() };
}

/** Uniform up to a bias of 2⁻²⁵⁸: 512 random bits reduced. */
function randomScalar(): bigint {
  return BigInt(`0x${randomBytes(64).toString("hex")}`) % FIELD_ORDER;
}

function powersOf(base: bigint, count: number): bigint[] {
  const powers = [1n];
  while (powers.length < count) powers.push((at(powers, powers.length - 1) * base) % FIELD_ORDER);
  return powers;
}

/** The bases of all domains up to `2^power`, one after the other: level `k` starts at entry `2^k - 1`. */
function allLagrange(power: number, tau: bigint): bigint[] {
  return Array.from({ length: power + 1 }, (_, k) => lagrange(k, tau)).flat();
}

/** `L_i(tau) = ω^i · (tau^n - 1) / (n · (tau - ω^i))` for the domain of `n = 2^k` roots of unity. */
function lagrange(k: number, tau: bigint): bigint[] {
  const size = BigInt(2 ** k);
  const roots = powersOf(rootOfUnity(k), 2 ** k);
  const inverses = invertAll(roots.map((root) => toField(tau - root)));
  const vanishing = (toField(power(tau, size) - 1n) * power(size, FIELD_ORDER - 2n)) % FIELD_ORDER;
  return roots.map(
    (root, i) => (((vanishing * root) % FIELD_ORDER) * at(inverses, i)) % FIELD_ORDER,
  );
}

/**
 * The top level as snarkjs prepares it: Lagrange evaluations of the powers with the highest, `tau^(n-1)`, left out. Its
 * odd entries are the `H` query of a key over the domain of half the size.
 */
function truncatedLagrange(k: number, tau: bigint): bigint[] {
  const size = BigInt(2 ** k);
  const inverseRoot = power(rootOfUnity(k), FIELD_ORDER - 2n);
  const step = power(inverseRoot, size - 1n);
  let missing = (power(tau, size - 1n) * power(size, FIELD_ORDER - 2n)) % FIELD_ORDER;
  return lagrange(k, tau).map((value) => {
    const truncated = toField(value - missing);
    missing = (missing * step) % FIELD_ORDER;
    return truncated;
  });
}

/** Primitive root of unity of order `2^k`: 5 generates the field's multiplicative group, whose 2-part is `2^28`. */
function rootOfUnity(k: number): bigint {
  return power(5n, (FIELD_ORDER - 1n) >> BigInt(k));
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base % FIELD_ORDER;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % FIELD_ORDER;
    square = (square * square) % FIELD_ORDER;
  }
  return result;
}

/** Montgomery's trick: one inversion for all. */
function invertAll(values: readonly bigint[]): bigint[] {
  const prefixes: bigint[] = [];
  let product = 1n;
  for (const value of values) {
    prefixes.push(product);
    product = (product * value) % FIELD_ORDER;
  }
  let inverse = power(product, FIELD_ORDER - 2n);
  const inverses = new Array<bigint>(values.length);
  for (let i = values.length - 1; i >= 0; i--) {
    inverses[i] = (inverse * at(prefixes, i)) % FIELD_ORDER;
    inverse = (inverse * at(values, i)) % FIELD_ORDER;
  }
  return inverses;
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
