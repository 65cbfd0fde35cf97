/**
 * Gas that an action may take, by its name in `snapshots/gas.json`: what the best comparable protocol takes, or less. Each
 * action is a transaction of its own, 21,000 and calldata included, with every slot written before.
 */
export const GAS_TARGETS: Readonly<Record<string, number>> = {
  deposit: 49_821,
  "deposit with permit": 72_362,
  "stake top-up": 59_323,
  "register node and stake": 190_000,
  "register model": 200_000,
  "register verification key": 130_000,
  "request, escrowed from balance": 95_000,
  "lock with collateral": 110_000,
  "fulfil proven": 305_000,
  "verify proven": 245_000,
  "verify batch of 32 proven, per proof": 62_000,
  slash: 90_000,
};
