/** The part of snarkjs (GPL-3.0, installed as a tool) that this project calls. */
declare module "snarkjs" {
  /** A file's path, its content, or a place in memory to write it to. */
  export type SnarkjsFile = string | Uint8Array | { type: "mem"; data?: Uint8Array };

  export interface SnarkjsLogger {
    info(message: string): void;
    warn(message: string): void;
  }

  /** Affine or projective coordinates as decimal strings. */
  export type G1Point = readonly string[];
  export type G2Point = readonly (readonly string[])[];

  export interface Groth16Proof {
    readonly pi_a: G1Point;
    readonly pi_b: G2Point;
    readonly pi_c: G1Point;
    readonly protocol: string;
    readonly curve: string;
  }

  export interface Groth16VerificationKey {
    readonly protocol: string;
    readonly curve: string;
    readonly nPublic: number;
    readonly vk_alpha_1: G1Point;
    readonly vk_beta_2: G2Point;
    readonly vk_gamma_2: G2Point;
    readonly vk_delta_2: G2Point;
    readonly IC: readonly G1Point[];
  }

  export const groth16: {
    prove(
      provingKey: SnarkjsFile,
      witness: SnarkjsFile,
    ): Promise<{ proof: Groth16Proof; publicSignals: string[] }>;
    verify(
      verificationKey: Groth16VerificationKey,
      publicSignals: readonly string[],
      proof: Groth16Proof,
    ): Promise<boolean>;
  };

  export const zKey: {
    newZKey(r1cs: SnarkjsFile, ptau: SnarkjsFile, zkey: SnarkjsFile): Promise<Uint8Array | -1>;
    contribute(
      from: SnarkjsFile,
      to: SnarkjsFile,
      name: string,
      entropy: string,
    ): Promise<Uint8Array | -1>;
    beacon(
      from: SnarkjsFile,
      to: SnarkjsFile,
      name: string,
      value: string,
      iterationsExponent: number,
    ): Promise<Uint8Array | false>;
    exportVerificationKey(zkey: SnarkjsFile): Promise<Groth16VerificationKey>;
    verifyFromR1cs(r1cs: SnarkjsFile, ptau: SnarkjsFile, zkey: SnarkjsFile): Promise<boolean>;
  };

  export const wtns: {
    check(r1cs: SnarkjsFile, witness: SnarkjsFile, logger: SnarkjsLogger): Promise<boolean>;
  };
}
