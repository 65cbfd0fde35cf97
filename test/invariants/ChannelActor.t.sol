// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChannelView} from "../../contracts/interfaces/IPaymentChannels.sol";
import {ChannelId} from "../../contracts/types/ChannelId.sol";
import {ChannelStatus} from "../../contracts/types/ChannelState.sol";
import {ProtocolFixture} from "../fixtures/ProtocolFixture.sol";

/// @title ChannelActor
/// @notice The part of the handler that pays through channels. Its people have keys, and nothing to do with requests.
abstract contract ChannelActor is ProtocolFixture {
    uint256 internal constant CHANNEL_ACTORS = 3;
    uint256 internal constant CHANNEL_FUNDS = 1_000_000e18;
    uint256 private constant PAYER_KEYS = 0xca0000;
    uint256 private constant NODE_KEYS = 0xcb0000;

    struct ChannelMemory {
        uint256 payerKey;
        uint256 nodeKey;
        uint96 salt;
        uint256 deposited;
        uint256 paid;
        uint256 refunded;
        uint256 signed; // the most that the payer ever signed for
        ChannelStatus status;
        bool movedBack;
    }

    ChannelId[] public channels;
    mapping(ChannelId channelId => ChannelMemory memories) internal channelMemories;

    function fundChannelPayers() internal {
        for (uint256 i = 0; i < CHANNEL_ACTORS; ++i) fund(vm.addr(PAYER_KEYS + i), CHANNEL_FUNDS);
    }

    // PAYERS

    function openChannel(uint256 who, uint256 whom, uint256 amount) external {
        ChannelMemory memory opened;
        opened.payerKey = PAYER_KEYS + (who % CHANNEL_ACTORS);
        opened.nodeKey = NODE_KEYS + (whom % CHANNEL_ACTORS);
        opened.salt = uint96(channels.length);
        opened.deposited = bound(amount, 1, CHANNEL_FUNDS / 50);
        vm.prank(vm.addr(opened.payerKey));
        ChannelId channelId = escrow.openChannel(vm.addr(opened.nodeKey), opened.salt, uint96(opened.deposited));
        opened.status = ChannelStatus.Open;
        channels.push(channelId);
        channelMemories[channelId] = opened;
    }

    function fundChannel(uint256 which, uint256 amount) external {
        ChannelMemory storage found = pickChannel(which);
        amount = bound(amount, 1, CHANNEL_FUNDS / 50);
        vm.prank(vm.addr(found.payerKey));
        escrow.fundChannel(vm.addr(found.nodeKey), found.salt, uint96(amount));
        found.deposited += amount;
        rememberChannel(found);
    }

    function startCloseChannel(uint256 which) external {
        ChannelMemory storage found = pickChannel(which);
        vm.prank(vm.addr(found.payerKey));
        escrow.startClose(vm.addr(found.nodeKey), found.salt);
        rememberChannel(found);
    }

    function closeChannel(uint256 which) external {
        ChannelMemory storage found = pickClosing(which);
        address payer = vm.addr(found.payerKey);
        uint256 before = escrow.balanceOf(payer);
        escrow.close(payer, vm.addr(found.nodeKey), found.salt);
        found.refunded += escrow.balanceOf(payer) - before;
        rememberChannel(found);
    }

    function withdrawFromChannels(uint256 who, uint256 amount) external {
        address payer = vm.addr(PAYER_KEYS + (who % CHANNEL_ACTORS));
        amount = bound(amount, 1, escrow.balanceOf(payer));
        vm.prank(payer);
        escrow.withdraw(amount, payer);
    }

    // NODES

    /// @dev Two vouchers of any two channels: for more than there is now and then, and one in eight forged.
    function claimChannels(uint256 which, uint256 amount, uint256 other, uint256 otherAmount) external {
        ChannelMemory storage first = pickChannel(which);
        ChannelMemory storage second = pickChannel(other);
        bool firstForged = (which / 8) % 8 == 0;
        bool secondForged = (other / 8) % 8 == 0;
        bytes memory packed = bytes.concat(
            claimOf(first, amount, firstForged),
            claimOf(second, otherAmount, secondForged)
        );
        (uint256 had, uint256 otherHad) = (claimedOf(first), claimedOf(second));
        escrow.claim(packed);
        // What a forged voucher moved is not paid: then the invariant finds more claimed than paid.
        bool same = idOf(first) == idOf(second);
        if (!firstForged || (same && !secondForged)) first.paid += claimedOf(first) - had;
        if (!secondForged && !same) second.paid += claimedOf(second) - otherHad;
        rememberChannel(first);
        rememberChannel(second);
    }

    function closeChannelByNode(uint256 which) external {
        ChannelMemory storage found = pickChannel(which);
        uint256 before = escrow.balanceOf(vm.addr(found.payerKey));
        vm.prank(vm.addr(found.nodeKey));
        escrow.closeByNode(vm.addr(found.payerKey), found.salt);
        found.refunded += escrow.balanceOf(vm.addr(found.payerKey)) - before;
        rememberChannel(found);
    }

    function closeChannelCooperatively(uint256 which, uint256 amount) external {
        ChannelMemory storage found = pickChannel(which);
        (address payer, address node) = (vm.addr(found.payerKey), vm.addr(found.nodeKey));
        uint96 cumulative = uint96(bound(amount, 0, found.deposited + 1));
        bytes memory consent = compact(found.nodeKey, escrow.cooperativeCloseDigestOf(idOf(found), cumulative));
        (uint256 balance, uint256 earnings) = (escrow.balanceOf(payer), escrow.earningsOf(node));
        vm.prank(payer);
        escrow.closeCooperatively(node, found.salt, cumulative, consent);
        found.refunded += escrow.balanceOf(payer) - balance;
        found.paid += escrow.earningsOf(node) - earnings;
        // The payer's transaction is its signature.
        if (cumulative > found.signed) found.signed = cumulative;
        rememberChannel(found);
    }

    function collectChannelEarnings(uint256 who) external {
        escrow.collectEarnings(vm.addr(NODE_KEYS + (who % CHANNEL_ACTORS)));
    }

    // WHAT THE INVARIANTS READ

    function channelCount() external view returns (uint256) {
        return channels.length;
    }

    function channelMemoryOf(ChannelId channelId) external view returns (ChannelMemory memory) {
        return channelMemories[channelId];
    }

    function channelOf(ChannelId channelId) external view returns (ChannelView memory) {
        return escrow.channelOf(channelId);
    }

    /// @dev What the escrow owes because of channels.
    function channelDebts() internal view returns (uint256 total) {
        for (uint256 i = 0; i < CHANNEL_ACTORS; ++i) {
            (address payer, address node) = (vm.addr(PAYER_KEYS + i), vm.addr(NODE_KEYS + i));
            total += escrow.balanceOf(payer) + escrow.balanceOf(node) + escrow.earningsOf(node);
        }
        for (uint256 i = 0; i < channels.length; ++i) {
            ChannelView memory found = escrow.channelOf(channels[i]);
            total += found.deposit - found.claimed;
        }
    }

    // MEMORY

    function rememberChannel(ChannelMemory storage found) private {
        ChannelStatus status = escrow.channelOf(idOf(found)).status;
        if (status < found.status) found.movedBack = true;
        found.status = status;
    }

    function claimOf(ChannelMemory storage found, uint256 amount, bool forged) private returns (bytes memory) {
        uint96 cumulative = uint96(bound(amount, 0, found.deposited + 1));
        bytes32 digest = escrow.voucherDigestOf(idOf(found), cumulative);
        if (!forged && cumulative > found.signed) found.signed = cumulative;
        return
            abi.encodePacked(
                abi.encodePacked(uint8(0), vm.addr(found.nodeKey), uint8(1), vm.addr(found.payerKey)),
                abi.encodePacked(found.salt, cumulative),
                compact(forged ? found.nodeKey : found.payerKey, digest)
            );
    }

    function claimedOf(ChannelMemory storage found) private view returns (uint256) {
        return escrow.channelOf(idOf(found)).claimed;
    }

    function idOf(ChannelMemory storage found) private view returns (ChannelId) {
        return escrow.channelIdOf(vm.addr(found.payerKey), vm.addr(found.nodeKey), found.salt);
    }

    /// @dev One that can be closed soon, if there is one among the latest.
    function pickClosing(uint256 which) private view returns (ChannelMemory storage found) {
        found = pickChannel(which);
        for (uint256 i = 1; i < 8 && found.status != ChannelStatus.Closing; ++i) found = pickChannel(which + i);
    }

    /// @dev One of the latest channels: old ones have ended.
    function pickChannel(uint256 which) private view returns (ChannelMemory storage) {
        require(channels.length != 0, "no channel yet");
        uint256 recent = channels.length < 8 ? channels.length : 8;
        return channelMemories[channels[channels.length - 1 - (which % recent)]];
    }
}
