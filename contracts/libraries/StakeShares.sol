// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Shares of delegated stake
/// @dev A thousand shares and one wei that belong to nobody are part of every pool, as in OpenZeppelin's ERC-4626: whoever
/// inflates the price of the first shares gives most of what that takes to those virtual shares, and an empty pool has a
/// price. All rounding is against the caller, so the price of a share never falls but by a slash.
///
/// Amounts are below 2^90 (OPG's supply) and shares below 2^121 (`MAX_SHARES_PER_WEI`), so no product overflows.
library StakeShares {
    /// @dev Shares that belong to nobody.
    uint256 internal constant VIRTUAL_SHARES = 1e3;

    /// @dev OPG wei that belong to nobody.
    uint256 internal constant VIRTUAL_ASSETS = 1;

    /// @dev A millionth of the initial price. Below it a pool takes no new stake: its shares would outgrow their type.
    uint256 internal constant MAX_SHARES_PER_WEI = 1e6 * VIRTUAL_SHARES;

    /// @dev Shares that `amount` buys of a pool.
    function toSharesDown(uint256 amount, uint256 assets, uint256 shares) internal pure returns (uint256) {
        return (amount * (shares + VIRTUAL_SHARES)) / (assets + VIRTUAL_ASSETS);
    }

    /// @dev What `part` of a pool's shares is worth.
    function toAssetsDown(uint256 part, uint256 assets, uint256 shares) internal pure returns (uint256) {
        return (part * (assets + VIRTUAL_ASSETS)) / (shares + VIRTUAL_SHARES);
    }
}
