// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev How much a payer wants to trust the answer; chosen per request, offered per model.
enum Tier {
    Signed,
    Attested,
    Optimistic,
    Proven
}

/// @dev Set of tiers, one bit per member of {Tier}: bit `i` stands for `Tier(i)`.
type TierSet is uint8;

/// @dev All four tiers.
TierSet constant ALL_TIERS = TierSet.wrap(0x0f);

using TierSets for TierSet global;

library TierSets {
    function contains(TierSet set, Tier tier) internal pure returns (bool) {
        return TierSet.unwrap(set) & (1 << uint8(tier)) != 0;
    }

    function isEmpty(TierSet set) internal pure returns (bool) {
        return TierSet.unwrap(set) == 0;
    }

    function isSubsetOf(TierSet set, TierSet other) internal pure returns (bool) {
        return TierSet.unwrap(set) & ~TierSet.unwrap(other) == 0;
    }
}
