// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Where a channel stands. `Closed` is for good: vouchers of a channel that could be opened again would be good
/// again.
enum ChannelStatus {
    None,
    Open,
    Closing,
    Closed
}

/// @dev State of a channel in one word.
///
///     | unused 16 | status 8 | closesAt 40 | claimed 96 | deposit 96 |
///
/// `deposit` is all that the payer ever put in, in OPG wei; `claimed` is how much of it the node has; `closesAt` is the
/// Unix time in seconds from which a closing channel can be closed, zero otherwise. What a channel holds is `deposit -
/// claimed`, so closing, which gives the rest back, lowers `deposit` to `claimed`.
type ChannelState is uint256;

using ChannelStates for ChannelState global;

library ChannelStates {
    uint256 private constant CLAIMED_SHIFT = 96;
    uint256 private constant CLOSES_AT_SHIFT = 192;
    uint256 private constant STATUS_SHIFT = 232;

    function opened(uint96 amount) internal pure returns (ChannelState) {
        return _pack(ChannelStatus.Open, 0, 0, amount);
    }

    /// @dev An open channel with another deposit.
    function withDeposit(ChannelState state, uint96 deposit_) internal pure returns (ChannelState) {
        return _pack(state.status(), state.closesAt(), state.claimed(), deposit_);
    }

    /// @dev The same channel after a claim.
    function withClaimed(ChannelState state, uint96 claimed_) internal pure returns (ChannelState) {
        return _pack(state.status(), state.closesAt(), claimed_, state.deposit());
    }

    function closing(ChannelState state, uint40 closesAt_) internal pure returns (ChannelState) {
        return _pack(ChannelStatus.Closing, closesAt_, state.claimed(), state.deposit());
    }

    /// @dev What is left after the node was paid `claimed_` in all and the rest was given back.
    function closed(uint96 claimed_) internal pure returns (ChannelState) {
        return _pack(ChannelStatus.Closed, 0, claimed_, claimed_);
    }

    function status(ChannelState state) internal pure returns (ChannelStatus) {
        return ChannelStatus(uint8(ChannelState.unwrap(state) >> STATUS_SHIFT));
    }

    function deposit(ChannelState state) internal pure returns (uint96) {
        // Truncation cuts everything else off.
        return uint96(ChannelState.unwrap(state));
    }

    function claimed(ChannelState state) internal pure returns (uint96) {
        // Truncation cuts status and time off.
        return uint96(ChannelState.unwrap(state) >> CLAIMED_SHIFT);
    }

    function closesAt(ChannelState state) internal pure returns (uint40) {
        // Truncation cuts the status off.
        return uint40(ChannelState.unwrap(state) >> CLOSES_AT_SHIFT);
    }

    /// @dev What the channel holds.
    function remaining(ChannelState state) internal pure returns (uint96) {
        return state.deposit() - state.claimed();
    }

    /// @dev Whether its money can still go to the node.
    function isLive(ChannelState state) internal pure returns (bool) {
        ChannelStatus found = state.status();
        return found == ChannelStatus.Open || found == ChannelStatus.Closing;
    }

    function _pack(
        ChannelStatus status_,
        uint40 closesAt_,
        uint96 claimed_,
        uint96 deposit_
    ) private pure returns (ChannelState) {
        return
            ChannelState.wrap(
                (uint256(status_) << STATUS_SHIFT) |
                    (uint256(closesAt_) << CLOSES_AT_SHIFT) |
                    (uint256(claimed_) << CLAIMED_SHIFT) |
                    deposit_
            );
    }
}
