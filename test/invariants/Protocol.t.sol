// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {ChannelView} from "../../contracts/interfaces/IPaymentChannels.sol";
import {ChannelId} from "../../contracts/types/ChannelId.sol";
import {RequestId} from "../../contracts/types/RequestId.sol";
import {RequestStatus} from "../../contracts/types/RequestState.sol";
import {Test} from "../fixtures/Test.sol";
import {ChannelActor} from "./ChannelActor.t.sol";
import {Handler} from "./Handler.t.sol";

/// @title The numbered invariants of README.md
contract ProtocolInvariants is Test {
    Handler private handler;

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
            bool settled = status > RequestStatus.Locked;
            assertEq(handler.memoryOf(requestId).settlements, settled ? 1 : 0, "settlements");
            assertTrue(settled == (escrowed == 0), "a settled request holds no money, any other does");
            assertTrue(isOpen == (status == RequestStatus.None), "open");
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
            assertEq(found.paid + found.refunded + escrowed, found.terms.maxFee, "fee");
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

    /// @dev Invariants that hold because nothing happens would be worthless: in a random run every action takes effect,
    /// except the theft of a proof.
    function test_everyAction_TakesEffect_InARandomRun() public {
        bytes4[33] memory actions = [
            Handler.deposit.selector,
            Handler.withdraw.selector,
            Handler.request.selector,
            Handler.lock.selector,
            Handler.fulfil.selector,
            Handler.releaseCollateral.selector,
            Handler.stake.selector,
            Handler.beginUnstake.selector,
            Handler.finishUnstake.selector,
            Handler.expire.selector,
            Handler.handOn.selector,
            Handler.handOnTreasury.selector,
            Handler.collectEarnings.selector,
            Handler.collectRoyalties.selector,
            Handler.passTime.selector,
            ChannelActor.openChannel.selector,
            ChannelActor.fundChannel.selector,
            ChannelActor.startCloseChannel.selector,
            ChannelActor.closeChannel.selector,
            ChannelActor.withdrawFromChannels.selector,
            ChannelActor.claimChannels.selector,
            ChannelActor.closeChannelByNode.selector,
            ChannelActor.closeChannelCooperatively.selector,
            ChannelActor.collectChannelEarnings.selector,
            Handler.delegate.selector,
            Handler.beginUndelegate.selector,
            Handler.finishUndelegate.selector,
            Handler.addRewards.selector,
            Handler.chooseDelegate.selector,
            Handler.syncVotes.selector,
            Handler.announceCommission.selector,
            Handler.reclaim.selector,
            Handler.stealProof.selector
        ];
        uint256[33] memory successes;
        for (uint256 i = 0; i < 3_200; ++i) {
            uint256 which = uint256(keccak256(abi.encode("action", i))) % 33;
            (bool success, ) = address(handler).call(bytes.concat(actions[which], randomArguments(i)));
            if (success) ++successes[which];
        }
        for (uint256 which = 0; which < 32; ++which) {
            assertLe(1, successes[which], string.concat("action ", Strings.toString(which)));
        }
    }

    /// @dev Five words that fit every action's parameters.
    function randomArguments(uint256 i) private pure returns (bytes memory) {
        uint256 word = uint256(keccak256(abi.encode("arguments", i)));
        return
            abi.encode(uint32(word), uint96(word >> 32), uint96(word >> 96), uint32(word >> 192), uint32(word >> 224));
    }
}
