// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ExposureLimits} from "../interfaces/IPaymentChannels.sol";
import {ChannelId} from "../types/ChannelId.sol";

/// @title What is signed about a channel, as EIP-712 structs
/// @dev Amounts are totals since the channel was opened, in OPG wei: a later message replaces an earlier one, and
/// showing one twice changes nothing.
library ChannelMessages {
    /// @dev Signed by the payer: the node may have `cumulative` in all.
    bytes32 internal constant VOUCHER_TYPEHASH = keccak256("Voucher(bytes32 channelId,uint96 cumulative)");

    /// @dev Signed by the payer: the node may have what the key `meter` measures, up to `cap` in all.
    bytes32 internal constant METERING_CAP_TYPEHASH = keccak256(
        "MeteringCap(bytes32 channelId,address meter,uint96 cap)"
    );

    /// @dev Signed by an attested key: until `timestamp`, the payer used up `usage` in all.
    bytes32 internal constant USAGE_TYPEHASH = keccak256("Usage(bytes32 channelId,uint96 usage,uint64 timestamp)");

    /// @dev Signed by the node: with `cumulative` in all it has everything, and the channel may be closed.
    bytes32 internal constant COOPERATIVE_CLOSE_TYPEHASH = keccak256(
        "CooperativeClose(bytes32 channelId,uint96 cumulative)"
    );

    /// @dev Signed by the node: how much it lets itself be owed, from now on.
    bytes32 internal constant EXPOSURE_LIMITS_TYPEHASH = keccak256(
        "ExposureLimits(address node,uint96 perChannel,uint96 perRequest,uint64 sequence)"
    );

    /// @dev What an ERC-3009 nonce is made of, so that an authorisation pays into one channel and nothing else.
    bytes32 internal constant AUTHORIZATION_TYPEHASH = keccak256(
        "ChannelAuthorization(bytes32 channelId,bytes32 nonceSalt)"
    );

    function voucher(ChannelId channelId, uint96 cumulative) internal pure returns (bytes32) {
        return keccak256(abi.encode(VOUCHER_TYPEHASH, channelId, cumulative));
    }

    function meteringCap(ChannelId channelId, address meter, uint96 cap) internal pure returns (bytes32) {
        return keccak256(abi.encode(METERING_CAP_TYPEHASH, channelId, meter, cap));
    }

    function usage(ChannelId channelId, uint96 used, uint64 timestamp) internal pure returns (bytes32) {
        return keccak256(abi.encode(USAGE_TYPEHASH, channelId, used, timestamp));
    }

    function cooperativeClose(ChannelId channelId, uint96 cumulative) internal pure returns (bytes32) {
        return keccak256(abi.encode(COOPERATIVE_CLOSE_TYPEHASH, channelId, cumulative));
    }

    function exposureLimits(address node, ExposureLimits calldata limits) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(EXPOSURE_LIMITS_TYPEHASH, node, limits.perChannel, limits.perRequest, limits.sequence)
            );
    }

    function authorizationNonce(ChannelId channelId, bytes32 nonceSalt) internal pure returns (bytes32) {
        return keccak256(abi.encode(AUTHORIZATION_TYPEHASH, channelId, nonceSalt));
    }
}
