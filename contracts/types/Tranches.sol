// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Stake on its way out, as shares of what is slashed together.
struct Tranche {
    uint128 shares; // zero exactly if there is no such tranche
    uint40 releaseTime; // Unix time in seconds
}

/// @dev Most tranches that one staker can have open with one operator. It bounds every loop here.
uint256 constant MAX_TRANCHES = 8;

/// @dev The open tranches come first, in no order.
struct Tranches {
    Tranche[MAX_TRANCHES] list;
}

using TrancheLists for Tranches global;

library TrancheLists {
    /// @dev Adds a tranche; returns false if there is no room for it.
    function tryPush(Tranches storage tranches, Tranche memory tranche) internal returns (bool) {
        for (uint256 i = 0; i < MAX_TRANCHES; ++i) {
            if (tranches.list[i].shares == 0) {
                tranches.list[i] = tranche;
                return true;
            }
        }
        return false;
    }

    /// @dev Removes all tranches that are due. Returns the sum of their shares, and of the others the earliest release
    /// time, or zero if there are none.
    function popDue(Tranches storage tranches) internal returns (uint256 shares, uint256 nextRelease) {
        uint256 kept = 0;
        for (uint256 i = 0; i < MAX_TRANCHES; ++i) {
            Tranche memory tranche = tranches.list[i];
            if (tranche.shares == 0) break;
            if (block.timestamp >= tranche.releaseTime) {
                shares += tranche.shares;
                delete tranches.list[i];
                continue;
            }
            if (nextRelease == 0 || tranche.releaseTime < nextRelease) nextRelease = tranche.releaseTime;
            if (kept != i) {
                tranches.list[kept] = tranche;
                delete tranches.list[i];
            }
            ++kept;
        }
    }

    /// @dev How many tranches are open.
    function count(Tranches storage tranches) internal view returns (uint256 open) {
        while (open < MAX_TRANCHES && tranches.list[open].shares != 0) ++open;
    }

    function clear(Tranches storage tranches) internal {
        delete tranches.list;
    }
}
