// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {ERC6372Utils} from "@openzeppelin/contracts/utils/ERC6372Utils.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @title OPG, the token that pays for inference, secures nodes by stake, and governs
/// @notice Fixed supply, minted once. No owner, no mint, no burn, no pause, no fee on transfer: one OPG sent is one OPG
/// received, which the accounting of every other contract relies on.
/// @dev Approvals by signature (EIP-2612), transfers by signature with random nonces (ERC-3009, what x402 uses), and votes
/// on a timestamp clock (ERC-6372).
/// @custom:security-contact security@opengradient.ai
contract OPG is ERC20, ERC20Permit, ERC3009, ERC20Votes {
    /// @notice 1,000,000,000 OPG, in wei.
    uint256 public constant SUPPLY = 1_000_000_000e18;

    /// @param recipient Receives the whole supply.
    constructor(address recipient) ERC20("OpenGradient", "OPG") ERC20Permit("OpenGradient") {
        _mint(recipient, SUPPLY);
    }

    /// @notice Unix time in seconds: votes are counted by time, not by block number.
    function clock() public view override returns (uint48) {
        return Time.timestamp();
    }

    /// @notice Machine-readable form of {clock}.
    // The name is ERC-6372's.
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public view override returns (string memory) {
        return ERC6372Utils.timestampClockMode(clock);
    }

    /// @inheritdoc ERC20Permit
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    /// @dev Moves votes along with the balance.
    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }
}
