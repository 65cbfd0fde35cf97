/** What an action may take, and what it takes elsewhere. */
export interface GasTarget {
  /** Gas of a transaction of its own, 21,000 and calldata included, with every slot written before. */
  readonly gas: number;
  /** The best comparable protocol, measured in the same way on its deployed contracts. */
  readonly peer?: { readonly name: string; readonly gas: number };
}

function atMost(gas: number, peer?: string, peerGas?: number): GasTarget {
  return peer === undefined || peerGas === undefined
    ? { gas }
    : { gas, peer: { name: peer, gas: peerGas } };
}

/** Targets by the name of the action in `snapshots/gas.json`. */
export const GAS_TARGETS: Readonly<Record<string, GasTarget>> = {
  deposit: atMost(49_821, "Boundless", 49_821),
  "deposit with permit": atMost(72_362, "Boundless", 72_362),
  "stake top-up": atMost(59_323, "The Graph", 59_323),
  "stake, first": atMost(93_523, "The Graph", 93_523),
  "register node and stake": atMost(190_000, "Morpheus", 204_513),
  "register model": atMost(200_000, "Morpheus", 347_891),
  "register verification key": atMost(130_000),
  "request, escrowed from balance": atMost(95_000, "Ritual", 143_782),
  "lock with collateral": atMost(110_000),
  "lock with collateral and client signature": atMost(110_000, "Boundless", 147_046),
  "fulfil proven": atMost(305_000, "Boundless with RISC Zero", 346_712),
  "verify proven": atMost(245_000, "SP1, 32-byte digest", 246_672),
  "verify batch of 32 proven, per proof": atMost(62_000, "SP1, no batching", 246_672),
  "fulfil batch of 32, per item": atMost(36_000, "Boundless", 41_990),
  "fulfil one request for 59 inferences, per inference": atMost(12_000),
  "verify proof of 59 inferences, per inference": atMost(12_000),
  "fulfil attested": atMost(85_000, "Boundless, null verifier", 87_281),
  "fulfil batch of 32 attested, per item": atMost(36_000, "Boundless", 41_990),
  "register enclave, sim, first": atMost(
    10_200_000,
    "base/nitro-validator, 5 transactions",
    41_300_000,
  ),
  "open channel": atMost(80_000, "x402", 81_544),
  "claim 50 channels, per channel": atMost(17_000, "x402, not skipping", 21_855),
  "pay rewards": atMost(70_000, "Succinct", 78_986),
  "P-384 verification": atMost(1_510_000, "base/nitro-validator", 4_960_000),
  "nitro attestation, cold": atMost(
    10_200_000,
    "base/nitro-validator, five transactions",
    41_300_000,
  ),
  "nitro attestation, chain cached": atMost(2_700_000, "base/nitro-validator", 13_800_000),
  "commit batch of 1024, per receipt": atMost(150, "0G, per user", 59_209),
  "commit batch of 1024 with leaves, per receipt": atMost(1_450, "0G, per user", 59_209),
  "prove one receipt of 256, called by a contract": atMost(30_000, "RISC Zero set", 34_175),
  slash: atMost(90_000, "Boundless", 101_033),
};
