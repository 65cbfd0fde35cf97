// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Identifier of a payment channel: the hash of payer, node and salt. It names neither chain nor contract; what is
/// signed about a channel does, in its EIP-712 domain.
type ChannelId is bytes32;

using {equals as ==, differs as !=} for ChannelId global;

function equals(ChannelId a, ChannelId b) pure returns (bool) {
    return ChannelId.unwrap(a) == ChannelId.unwrap(b);
}

function differs(ChannelId a, ChannelId b) pure returns (bool) {
    return ChannelId.unwrap(a) != ChannelId.unwrap(b);
}

library ChannelIds {
    function channelIdOf(address payer, address node, uint96 salt) internal pure returns (ChannelId) {
        return ChannelId.wrap(keccak256(abi.encode(payer, node, salt)));
    }
}
