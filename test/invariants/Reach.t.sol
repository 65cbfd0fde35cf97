// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {RequestStatus} from "../../contracts/types/RequestState.sol";
import {Tier} from "../../contracts/types/Tier.sol";
import {Test} from "../fixtures/Test.sol";
import {ChannelActor} from "./ChannelActor.t.sol";
import {Handler} from "./Handler.t.sol";
import {OptimisticActor} from "./OptimisticActor.t.sol";
import {ProtocolInvariants} from "./Protocol.t.sol";
import {RequestActor} from "./RequestActor.t.sol";
import {StakeActor} from "./StakeActor.t.sol";

/// @title What the handler reaches
/// @dev Invariants that hold because nothing happens would be worthless: in one long random life of the protocol every action
/// takes effect, except the theft of a proof, requests go every way there is, and the invariants hold all along.
contract HandlerReach is Test {
    uint256 private constant CALLS = 8_000;
    uint256 private constant CALLS_BETWEEN_CHECKS = 1_000;
    uint256 private constant ACTIONS = 39;

    /// @dev The last of the actions never succeeds.
    function actions() private pure returns (bytes4[ACTIONS] memory) {
        return
            [
                Handler.deposit.selector,
                Handler.withdraw.selector,
                RequestActor.request.selector,
                RequestActor.lock.selector,
                RequestActor.fulfil.selector,
                RequestActor.fulfilShared.selector,
                RequestActor.releaseCollateral.selector,
                RequestActor.expire.selector,
                OptimisticActor.post.selector,
                OptimisticActor.challenge.selector,
                OptimisticActor.prove.selector,
                OptimisticActor.finalize.selector,
                OptimisticActor.changeChallengeTerms.selector,
                StakeActor.stake.selector,
                StakeActor.beginUnstake.selector,
                StakeActor.finishUnstake.selector,
                StakeActor.delegate.selector,
                StakeActor.beginUndelegate.selector,
                StakeActor.finishUndelegate.selector,
                StakeActor.addRewards.selector,
                StakeActor.chooseDelegate.selector,
                StakeActor.syncVotes.selector,
                StakeActor.announceCommission.selector,
                StakeActor.reclaim.selector,
                StakeActor.handOn.selector,
                StakeActor.handOnTreasury.selector,
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
                RequestActor.stealProof.selector
            ];
    }

    function test_everyAction_TakesEffect_InARandomRun() public {
        ProtocolInvariants invariants = new ProtocolInvariants();
        invariants.setUp();
        Handler handler = invariants.handler();
        bytes4[ACTIONS] memory all = actions();
        uint256[ACTIONS] memory successes;
        for (uint256 i = 0; i < CALLS; ++i) {
            uint256 which = uint256(keccak256(abi.encode("action", i))) % ACTIONS;
            (bool success, ) = address(handler).call(bytes.concat(all[which], randomArguments(i)));
            if (success) ++successes[which];
            if (i % CALLS_BETWEEN_CHECKS == 0) checkAll(invariants);
        }
        for (uint256 which = 0; which < ACTIONS - 1; ++which) {
            assertLe(2, successes[which], string.concat("action ", Strings.toString(which)));
        }
        assertMoves(handler);
    }

    function checkAll(ProtocolInvariants invariants) private view {
        invariants.invariant_1_escrowHoldsWhatItOwes();
        invariants.invariant_2_stakingHoldsWhatItOwes();
        invariants.invariant_3_supplyIsConstant();
        invariants.invariant_4_requestsSettleOnce();
        invariants.invariant_4_disputesEndWithTheRequest();
        invariants.invariant_5_collateralIsCovered();
        invariants.invariant_6_paidAndRefundedAreEscrowed();
        invariants.invariant_6_channelsPayAndReturnTheirDeposits();
        invariants.invariant_8_votesAreUnits();
        invariants.invariant_9_statesOnlyMoveForward();
    }

    /// @dev Every way that either tier allows was gone at least twice, and no other.
    function assertMoves(Handler handler) private view {
        for (uint256 from = 0; from <= uint256(RequestStatus.Rejected); ++from) {
            for (uint256 to = 0; to <= uint256(RequestStatus.Rejected); ++to) {
                (RequestStatus a, RequestStatus b) = (RequestStatus(from), RequestStatus(to));
                string memory way = string.concat(Strings.toString(from), " to ", Strings.toString(to));
                bool canMove = handler.canMove(a, b, Tier.Proven) || handler.canMove(a, b, Tier.Optimistic);
                if (canMove) assertLe(2, handler.moves(a, b), way);
                else assertEq(handler.moves(a, b), 0, way);
            }
        }
    }

    /// @dev Five words that fit every action's parameters.
    function randomArguments(uint256 i) private pure returns (bytes memory) {
        uint256 word = uint256(keccak256(abi.encode("arguments", i)));
        return
            abi.encode(uint32(word), uint96(word >> 32), uint96(word >> 96), uint32(word >> 192), uint32(word >> 224));
    }
}
