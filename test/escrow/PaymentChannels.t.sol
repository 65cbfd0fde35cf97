// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChannelView, IPaymentChannels, TransferAuthorization} from "../../contracts/interfaces/IPaymentChannels.sol";
import {ChannelId} from "../../contracts/types/ChannelId.sol";
import {ChannelStatus} from "../../contracts/types/ChannelState.sol";
import {ChannelFixture} from "../fixtures/ChannelFixture.sol";

contract PaymentChannelsTest is ChannelFixture {
    function setUp() public {
        setUpChannels();
    }

    // OPEN AND FUND

    function testFuzz_openChannel_Moves_TheMoney(uint256 amount, uint96 salt) public {
        amount = bound(amount, 1, FUNDS);
        ChannelId channelId = open(salt, amount);
        assertEq(ChannelId.unwrap(channelId), keccak256(abi.encode(payer, node, salt)), "id");
        ChannelView memory found = escrow.channelOf(channelId);
        assertTrue(found.status == ChannelStatus.Open, "open");
        assertEq(found.deposit, amount, "deposit");
        assertEq(found.claimed + found.closesAt, 0, "nothing else");
        assertEq(opg.balanceOf(address(escrow)), amount, "held");
    }

    function testFuzz_openChannel_Reverts_Twice(uint96 salt, uint256 state) public {
        ChannelId channelId = open(salt, 2);
        // Open, closing, or closed.
        if (state % 3 != 0) startClose(salt);
        if (state % 3 == 2) {
            vm.warp(block.timestamp + escrow.CLAIM_WINDOW());
            escrow.close(payer, node, salt);
        }
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.PaymentChannelsAlreadyOpened.selector, channelId));
        open(salt, 1);
    }

    function testFuzz_openChannel_Obeys_TheNodesLimit(uint96 limit, uint256 amount) public {
        limit = uint96(bound(limit, 1, FUNDS - 1));
        amount = bound(amount, limit + 1, FUNDS);
        vm.prank(node);
        escrow.setExposureLimits(limit, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.PaymentChannelsOverLimit.selector, node, amount, limit)
        );
        open(0, amount);
        open(0, limit);
    }

    function testFuzz_fundChannel_Adds_ToTheDeposit(uint256 first, uint256 second) public {
        first = bound(first, 1, FUNDS - 1);
        second = bound(second, 1, FUNDS - first);
        ChannelId channelId = open(0, first);
        vm.prank(payer);
        escrow.fundChannel(node, 0, uint96(second));
        assertEq(escrow.channelOf(channelId).deposit, first + second, "deposit");
        assertEq(opg.balanceOf(address(escrow)), first + second, "held");
    }

    function testFuzz_fundChannel_LimitCounts_WhatTheChannelHolds(uint256 spent, uint96 limit) public {
        limit = uint96(bound(limit, 2, FUNDS / 2));
        spent = bound(spent, 1, limit - 1);
        vm.prank(node);
        escrow.setExposureLimits(limit, 0);
        open(0, limit);
        claimFor(signedVoucher(0, spent));
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.PaymentChannelsOverLimit.selector, node, limit + 1, limit)
        );
        vm.prank(payer);
        escrow.fundChannel(node, 0, uint96(spent + 1));
        vm.prank(payer);
        escrow.fundChannel(node, 0, uint96(spent));
    }

    function testFuzz_fundChannel_Reverts_ForAnyOtherPayer(address other, uint96 amount) public {
        vm.assume(other != payer && amount != 0);
        open(0, 1);
        ChannelId theirs = escrow.channelIdOf(other, node, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.PaymentChannelsWrongStatus.selector, theirs, ChannelStatus.None)
        );
        vm.prank(other);
        escrow.fundChannel(node, 0, amount);
    }

    function testFuzz_authorization_PaysInto_ItsChannelOnly(uint96 salt, uint96 other, uint256 amount) public {
        vm.assume(salt != other);
        amount = bound(amount, 1, FUNDS / 2);
        TransferAuthorization memory authorization = authorize(salt, amount);
        vm.expectRevert(bytes4(keccak256("ERC3009InvalidSignature()")));
        escrow.openChannelWithAuthorization(payer, node, other, uint96(amount), authorization);
        escrow.openChannelWithAuthorization(payer, node, salt, uint96(amount), authorization);
        assertEq(escrow.channelOf(channel(salt)).deposit, amount, "deposit");
        assertEq(opg.balanceOf(payer), FUNDS - amount, "paid");
        // And once only.
        vm.expectRevert(
            abi.encodeWithSelector(
                bytes4(keccak256("ERC3009UsedAuthorization(address,bytes32)")),
                payer,
                escrow.authorizationNonceOf(channel(salt), authorization.nonceSalt)
            )
        );
        escrow.fundChannelWithAuthorization(payer, node, salt, uint96(amount), authorization);
    }

    function authorize(uint96 salt, uint256 amount) private view returns (TransferAuthorization memory) {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
                ),
                payer,
                address(escrow),
                amount,
                0,
                type(uint40).max,
                escrow.authorizationNonceOf(channel(salt), "nonce")
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", opg.DOMAIN_SEPARATOR(), structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(PAYER_KEY, digest);
        return TransferAuthorization(0, type(uint40).max, "nonce", v, r, s);
    }

    // CLOSE

    function testFuzz_close_Returns_WhatTheNodeDidNotClaim(uint256 deposit, uint256 cumulative, uint32 late) public {
        deposit = bound(deposit, 1, FUNDS);
        cumulative = bound(cumulative, 0, deposit);
        ChannelId channelId = open(0, deposit);
        if (cumulative != 0) claimFor(signedVoucher(0, cumulative));
        startClose(0);
        vm.warp(block.timestamp + escrow.CLAIM_WINDOW() + late);
        escrow.close(payer, node, 0);
        assertEq(escrow.balanceOf(payer), deposit - cumulative, "refunded");
        assertEq(escrow.earningsOf(node), cumulative, "earned");
        ChannelView memory found = escrow.channelOf(channelId);
        assertTrue(found.status == ChannelStatus.Closed, "closed");
        assertEq(found.deposit, found.claimed, "holds nothing");
    }

    function testFuzz_close_Reverts_BeforeTheWindowEnds(uint256 early) public {
        ChannelId channelId = open(0, 1);
        startClose(0);
        uint256 closesAt = block.timestamp + escrow.CLAIM_WINDOW();
        early = bound(early, 1, escrow.CLAIM_WINDOW());
        vm.warp(closesAt - early);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannelsTooEarly.selector,
                channelId,
                closesAt - early,
                closesAt
            )
        );
        escrow.close(payer, node, 0);
    }

    function testFuzz_startClose_Reverts_ForAnyoneElse(address caller) public {
        vm.assume(caller != payer);
        open(0, 1);
        ChannelId theirs = escrow.channelIdOf(caller, node, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.PaymentChannelsWrongStatus.selector, theirs, ChannelStatus.None)
        );
        vm.prank(caller);
        escrow.startClose(node, 0);
    }

    function testFuzz_closeByNode_Returns_TheRest(uint256 deposit, uint256 cumulative, bool closing) public {
        deposit = bound(deposit, 1, FUNDS);
        cumulative = bound(cumulative, 1, deposit);
        open(0, deposit);
        if (closing) startClose(0);
        claimFor(signedVoucher(0, cumulative));
        vm.prank(node);
        escrow.closeByNode(payer, 0);
        assertEq(escrow.balanceOf(payer), deposit - cumulative, "refunded");
        assertEq(escrow.earningsOf(node), cumulative, "earned");
    }

    function testFuzz_closeByNode_Reverts_ForAnyoneElse(address caller) public {
        vm.assume(caller != node);
        open(0, 1);
        ChannelId theirs = escrow.channelIdOf(payer, caller, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.PaymentChannelsWrongStatus.selector, theirs, ChannelStatus.None)
        );
        vm.prank(caller);
        escrow.closeByNode(payer, 0);
    }

    function testFuzz_closeCooperatively_Settles_AndReturns(uint256 deposit, uint256 had, uint256 wanted) public {
        deposit = bound(deposit, 1, FUNDS);
        had = bound(had, 0, deposit);
        wanted = bound(wanted, 0, deposit);
        open(0, deposit);
        if (had != 0) claimFor(signedVoucher(0, had));
        closeCooperatively(wanted, NODE_KEY);
        uint256 paid = had < wanted ? wanted : had;
        assertEq(escrow.earningsOf(node), paid, "earned");
        assertEq(escrow.balanceOf(payer), deposit - paid, "refunded");
        assertTrue(escrow.channelOf(channel(0)).status == ChannelStatus.Closed, "closed");
    }

    function testFuzz_closeCooperatively_Reverts_WithoutTheNodesConsent(uint256 key) public {
        key = bound(key, 1, KEY_ORDER - 1);
        vm.assume(key != NODE_KEY);
        open(0, 1);
        bytes memory consent = compact(key, escrow.cooperativeCloseDigestOf(channel(0), 0));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.PaymentChannelsBadSignature.selector, node));
        vm.prank(payer);
        escrow.closeCooperatively(node, 0, 0, consent);
    }

    function testFuzz_closeCooperatively_Reverts_BeyondTheDeposit(uint256 deposit, uint256 wanted) public {
        deposit = bound(deposit, 1, FUNDS);
        wanted = bound(wanted, deposit + 1, type(uint96).max);
        ChannelId channelId = open(0, deposit);
        bytes memory consent = compact(NODE_KEY, escrow.cooperativeCloseDigestOf(channelId, uint96(wanted)));
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.PaymentChannelsOverDeposit.selector, channelId, wanted, deposit)
        );
        vm.prank(payer);
        escrow.closeCooperatively(node, 0, uint96(wanted), consent);
    }

    function closeCooperatively(uint256 cumulative, uint256 key) private {
        bytes memory consent = compact(key, escrow.cooperativeCloseDigestOf(channel(0), uint96(cumulative)));
        vm.prank(payer);
        escrow.closeCooperatively(node, 0, uint96(cumulative), consent);
    }

    // LIMITS

    function testFuzz_exposureLimits_AreThe_Nodes(address who, uint96 perChannel, uint96 perRequest) public {
        vm.prank(who);
        escrow.setExposureLimits(perChannel, perRequest);
        assertEq(escrow.exposureLimitsOf(who).perChannel, perChannel, "per channel");
        uint256 wanted = perRequest == 0 ? type(uint256).max : perRequest;
        assertEq(escrow.maxPerRequest(who), wanted, "per request");
    }
}
