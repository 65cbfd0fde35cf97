// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Tier} from "./Tier.sol";

/// @dev Work units per compute unit, for each tier, in one word:
///
///     | Proven 16 | Optimistic 16 | Attested 16 | Signed 16 |
type TierMultipliers is uint64;

using TierMultiplierLib for TierMultipliers global;

library TierMultiplierLib {
    uint256 private constant BITS = 16;

    /// @dev `multipliers` in the order of {Tier}.
    function pack(uint16[4] memory multipliers) internal pure returns (TierMultipliers) {
        uint256 packed;
        for (uint256 i = 0; i < multipliers.length; ++i) {
            packed |= uint256(multipliers[i]) << (BITS * i);
        }
        // Four times 16 bits.
        return TierMultipliers.wrap(uint64(packed));
    }

    /// @dev In the order of {Tier}.
    function unpack(TierMultipliers multipliers) internal pure returns (uint16[4] memory unpacked) {
        for (uint256 i = 0; i < unpacked.length; ++i) {
            // Truncation cuts the tiers above off.
            unpacked[i] = uint16(TierMultipliers.unwrap(multipliers) >> (BITS * i));
        }
    }

    function forTier(TierMultipliers multipliers, Tier tier) internal pure returns (uint256) {
        // Truncation cuts the tiers above off.
        return uint16(TierMultipliers.unwrap(multipliers) >> (BITS * uint8(tier)));
    }
}
