/**
 * keccak256 of the root certificate of AWS Nitro Enclaves, G1, DER: the only root that the contracts take on Base. AWS publishes its
 * SHA-256, 641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b.
 */
export const AWS_NITRO_ROOT_HASH =
  "0x311d96fcd5c5e0ccf72ef548e2ea7d4c0cd53ad7c4cc49e67471aed41d61f185";
