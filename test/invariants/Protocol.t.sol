// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChannelView} from "../../contracts/interfaces/IPaymentChannels.sol";
import {ChannelId} from "../../contracts/types/ChannelId.sol";
import {RequestId} from "../../contracts/types/RequestId.sol";
import {RequestStatus} from "../../contracts/types/RequestState.sol";
import {Test} from "../fixtures/Test.sol";
import {ChannelActor} from "./ChannelActor.t.sol";
import {Handler} from "./Handler.t.sol";

/// @title The numbered invariants of README.md
contract ProtocolInvariants is Test {
    Handler public handler;

    function setUp() public {
        handler = new Handler();
    }

    /// @dev Read by the test runner: call the handler and nothing else.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_1_escrowHoldsWhatItOwes() public view {
        (uint256 byEscrow, , ) = handler.held();
        assertEq(byEscrow, handler.escrowDebts(), "escrow");
    }

    function invariant_2_stakingHoldsWhatItOwes() public view {
        (, uint256 byStaking, ) = handler.held();
        assertEq(byStaking, handler.stakingDebts(), "staking");
        for (uint256 i = 0; i < 4; ++i) {
            (uint256 worth, uint256 assets) = handler.delegatedOf(handler.workers(i));
            assertLe(worth, assets, "delegators");
        }
    }

    function invariant_3_supplyIsConstant() public view {
        (, , uint256 supply) = handler.held();
        assertEq(supply, 1_000_000_000e18, "supply");
    }

    function invariant_4_requestsSettleOnce() public view {
        for (uint256 i = 0; i < handler.requestCount(); ++i) {
            RequestId requestId = handler.requests(i);
            (RequestStatus status, bool isOpen, uint256 escrowed) = handler.stateOf(requestId);
            bool settled = status >= RequestStatus.Fulfilled;
            assertEq(handler.memoryOf(requestId).settlements, settled ? 1 : 0, "settlements");
            assertTrue(settled == (escrowed == 0), "a settled request holds no money, any other does");
            assertTrue(isOpen == (status == RequestStatus.None), "open");
        }
    }

    function invariant_4_disputesEndWithTheRequest() public view {
        for (uint256 i = 0; i < handler.requestCount(); ++i) {
            RequestId requestId = handler.requests(i);
            Handler.Memory memory found = handler.memoryOf(requestId);
            (RequestStatus status, , ) = handler.stateOf(requestId);
            (bytes32 posted, address challenger, uint256 bond) = handler.disputeOf(requestId);
            bool isChallenged = status == RequestStatus.Challenged;
            bool isAnswered = isChallenged || status == RequestStatus.Posted;
            assertEq(posted, isAnswered ? keccak256(found.output) : bytes32(0), "posted output");
            assertEq(challenger, isChallenged ? found.challenger : address(0), "challenger");
            assertEq(bond, isChallenged ? found.bond : 0, "bond");
        }
    }

    function invariant_5_collateralIsCovered() public view {
        for (uint256 i = 0; i < 4; ++i) {
            address worker = handler.workers(i);
            (uint256 slashable, uint256 locked, uint256 lockedForMarket) = handler.collateralOf(worker);
            assertLe(locked, slashable, "locked");
            assertEq(locked, lockedForMarket, "all locked is the market's");
            assertLe(handler.lastClaimEnd(worker), handler.collateralExpiryOf(worker), "lasts as long as claims");
            if (!handler.hasAllotment(worker)) continue;
            assertEq(lockedForMarket, handler.collateralDue(worker), "all of the market's is free or in use");
        }
    }

    function invariant_6_paidAndRefundedAreEscrowed() public view {
        for (uint256 i = 0; i < handler.requestCount(); ++i) {
            RequestId requestId = handler.requests(i);
            Handler.Memory memory found = handler.memoryOf(requestId);
            (, , uint256 escrowed) = handler.stateOf(requestId);
            (, , uint256 bond) = handler.disputeOf(requestId);
            uint256 held = escrowed + bond;
            assertEq(found.paid + found.refunded + held, found.terms.maxFee + found.bond, "fee and bond");
        }
    }

    function invariant_6_channelsPayAndReturnTheirDeposits() public view {
        for (uint256 i = 0; i < handler.channelCount(); ++i) {
            ChannelId channelId = handler.channels(i);
            ChannelActor.ChannelMemory memory found = handler.channelMemoryOf(channelId);
            ChannelView memory channel = handler.channelOf(channelId);
            uint256 holds = channel.deposit - channel.claimed;
            assertEq(found.paid + found.refunded + holds, found.deposited, "deposit");
            assertEq(channel.claimed, found.paid, "claimed is paid");
            assertLe(channel.claimed, found.signed, "no more than the payer signed for");
        }
    }

    function invariant_8_votesAreUnits() public view {
        (uint256 votes, uint256 units) = handler.votesAndUnits();
        assertEq(votes, units, "votes");
    }

    function invariant_9_statesOnlyMoveForward() public view {
        for (uint256 i = 0; i < handler.requestCount(); ++i) {
            RequestId requestId = handler.requests(i);
            (RequestStatus status, , ) = handler.stateOf(requestId);
            assertFalse(handler.memoryOf(requestId).movedBack, "moved back");
            assertTrue(status == handler.memoryOf(requestId).status, "moved unseen");
        }
        for (uint256 i = 0; i < handler.channelCount(); ++i) {
            ChannelId channelId = handler.channels(i);
            assertFalse(handler.channelMemoryOf(channelId).movedBack, "channel moved back");
            bool seen = handler.channelOf(channelId).status == handler.channelMemoryOf(channelId).status;
            assertTrue(seen, "channel moved unseen");
        }
    }
}
