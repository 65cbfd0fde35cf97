import { buildBn128 } from "ffjavascript";
import { zKey } from "snarkjs";
import { at } from "../arrays.ts";
import { FIELD_ORDER } from "../circuit/field.ts";
import { readR1cs, type R1cs } from "../circuit/r1cs-reader.ts";
import { Arithmetic } from "../prove/warm/arithmetic.ts";
import { hashInitialKey } from "./circuit-hash.ts";
import { invert, truncatedLagrange } from "./evaluation-domain.ts";
import { encodeFirstContribution } from "./first-contribution.ts";
import { multiplyGenerators, type GroupPoints } from "./fixed-base.ts";
import type { CircuitKeys } from "./keys.ts";
import { POINT_BYTES, type Group } from "./points.ts";
import { domainPowerOf, evaluateProgram } from "./program-at-tau.ts";
import { encodeCoefficients } from "./program-coefficients.ts";
import { encodeProvingKey } from "./proving-key-file.ts";
import { encodeScalars } from "./scalar-list.ts";
import { drawScalar, type TauSecrets } from "./tau-secrets.ts";

/** A Powers of Tau file of this machine's own, with the secrets behind it. */
export interface DevelopmentTau {
  /** Path of the file. */
  readonly file: string;
  readonly secrets: TauSecrets;
}

export interface DevelopmentKeyMaterial {
  /** `.r1cs` file of the circuit. */
  readonly r1cs: Uint8Array;
  readonly tau: DevelopmentTau;
  /** Name that the contribution carries in the key's transcript. */
  readonly contributor: string;
}

/**
 * The keys that `makeKeys` makes from the same file, with one contribution, in a small part of the time: who knows the
 * secrets computes each point's scalar, and multiplies a generator once.
 *
 * @throws ZkmlError `FILE_CORRUPTED` if the constraints cannot be read, `SETUP_FAILED` if a thread fails.
 */
export async function makeDevelopmentKeys({
  r1cs: file,
  tau,
  contributor,
}: DevelopmentKeyMaterial): Promise<CircuitKeys> {
  const r1cs = readR1cs(file);
  const delta = drawScalar();
  const scalars = keyScalars(r1cs, tau.secrets, delta);
  const points = takeApart(scalars, await multiplyGenerators(encodeAll(scalars)));

  const curve = await buildBn128(true);
  const arithmetic = new Arithmetic(await WebAssembly.compile(curve.tm.code));
  const { alphaG1, betaG1, betaG2, oneG1, oneG2, deltaG1, deltaG2 } = points;
  const { ic, a, b1, b2 } = points;
  const domainSize = 2 ** domainPowerOf(r1cs);
  const circuit = await hashInitialKey(arithmetic, {
    tau: tau.file,
    domainSize,
    ic,
    a,
    b1,
    b2,
    c: points.initialC,
    header: [alphaG1, betaG1, betaG2, oneG2, oneG1, oneG2],
  });
  const { point, multiple } = points;
  const provingKey = encodeProvingKey({
    wireCount: r1cs.wireCount,
    publicCount: r1cs.publicCount,
    domainSize,
    header: [alphaG1, betaG1, betaG2, oneG2, deltaG1, deltaG2],
    ic,
    a,
    b1,
    b2,
    c: points.c,
    h: points.h,
    coefficients: encodeCoefficients(r1cs),
    contributions: encodeFirstContribution(curve, {
      circuit,
      name: contributor,
      delta,
      deltaG1,
      point,
      multiple,
    }),
  });
  return { provingKey, verificationKey: await zKey.exportVerificationKey(provingKey) };
}

/** Scalars of a group's generator by what their products are for. */
type ScalarLists = Readonly<Record<string, readonly [group: Group, scalars: readonly bigint[]]>>;

/** Discrete logarithms of all points of the key, and of those that its hash and its contribution are made of. */
function keyScalars(r1cs: R1cs, { tau, alpha, beta }: TauSecrets, delta: bigint) {
  const { a, b, c } = evaluateProgram(r1cs, tau);
  const inverse = invert(delta);
  const combined = c.map((value, i) => (at(a, i) * beta + at(b, i) * alpha + value) % FIELD_ORDER);
  const initialC = combined.slice(r1cs.publicCount + 1);
  const h = truncatedLagrange(domainPowerOf(r1cs) + 1, tau).filter((_, i) => i % 2 === 1);
  const divided = (values: readonly bigint[]): bigint[] =>
    values.map((value) => (value * inverse) % FIELD_ORDER);
  const point = drawScalar();
  return {
    alphaG1: ["G1", [alpha]],
    betaG1: ["G1", [beta]],
    betaG2: ["G2", [beta]],
    oneG1: ["G1", [1n]],
    oneG2: ["G2", [1n]],
    deltaG1: ["G1", [delta]],
    deltaG2: ["G2", [delta]],
    point: ["G1", [point]],
    multiple: ["G1", [(point * delta) % FIELD_ORDER]],
    ic: ["G1", combined.slice(0, r1cs.publicCount + 1)],
    a: ["G1", a],
    b1: ["G1", b],
    b2: ["G2", b],
    initialC: ["G1", initialC],
    c: ["G1", divided(initialC)],
    h: ["G1", divided(h)],
  } as const satisfies ScalarLists;
}

function encodeAll(scalars: ScalarLists): Record<Group, Uint8Array> {
  const encode = (wanted: Group): Uint8Array =>
    encodeScalars(
      Object.values(scalars)
        .filter(([group]) => group === wanted)
        .map(([, list]) => list),
    );
  return { G1: encode("G1"), G2: encode("G2") };
}

/** The products of each list. */
function takeApart<Lists extends ScalarLists>(
  scalars: Lists,
  points: GroupPoints,
): Record<keyof Lists, Uint8Array> {
  const used = { G1: 0, G2: 0 };
  const parts = Object.entries(scalars).map(([name, [group, list]]) => {
    const start = used[group];
    used[group] += list.length * POINT_BYTES[group];
    return [name, points[group].subarray(start, used[group])] as const;
  });
  return Object.fromEntries(parts) as Record<keyof Lists, Uint8Array>;
}
