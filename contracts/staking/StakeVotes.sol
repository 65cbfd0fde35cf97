// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {VotesUpgradeable} from "@openzeppelin/contracts-upgradeable/governance/utils/VotesUpgradeable.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {ERC6372Utils} from "@openzeppelin/contracts/utils/ERC6372Utils.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @title Votes of staked OPG
/// @dev One unit is one wei of OPG, as in the token, on the token's clock. As there, an account's units count once it chose
/// a delegate, itself or another.
///
/// There is no record of total units. Staked OPG is part of the token's supply, which is what a quorum is a fraction of; a
/// record of its own would cost every stake, unstake and slash some 27,000 gas and be counted twice if added up.
abstract contract StakeVotes is VotesUpgradeable {
    IVotes private immutable TOKEN_VOTES;

    constructor(IVotes token) {
        TOKEN_VOTES = token;
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

    /// @notice The token's supply, which staked OPG is part of. Do not add it to the token's own.
    function getPastTotalSupply(uint256 timepoint) public view override returns (uint256) {
        return TOKEN_VOTES.getPastTotalSupply(timepoint);
    }

    function _addVotes(address account, uint256 units) internal {
        address delegatee = delegates(account);
        if (delegatee != address(0)) _moveDelegateVotes(address(0), delegatee, units);
    }

    function _removeVotes(address account, uint256 units) internal {
        address delegatee = delegates(account);
        if (delegatee != address(0)) _moveDelegateVotes(delegatee, address(0), units);
    }
}
