// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RequestParameters} from "../../contracts/interfaces/IInferenceMarket.sol";
import {Durations} from "../../contracts/libraries/Durations.sol";
import {InferenceRequest} from "../../contracts/types/InferenceRequest.sol";
import {RequestId} from "../../contracts/types/RequestId.sol";
import {RequestStatus} from "../../contracts/types/RequestState.sol";
import {Tier} from "../../contracts/types/Tier.sol";
import {ProtocolFixture} from "../fixtures/ProtocolFixture.sol";

/// @title Every life that a request can have
/// @notice Drives the real market through every sequence of actions, each tried in every moment that the rules tell apart:
/// the second of the request, the next one, the deadline, the second after it, and the last and the first second with and
/// without a claim. An action happens exactly if the table says so, and does what the table says. A sequence ends when
/// nothing can happen any more; then all money must have found its owner.
contract RequestMachineTest is ProtocolFixture {
    enum Action {
        LockByA,
        LockByB,
        AnswerByA,
        AnswerByB,
        Challenge,
        Prove,
        Finalize,
        Expire
    }

    /// @dev What a search found. In memory, which a return to an earlier state does not touch.
    struct Search {
        uint256 ends;
        uint256[7] reached; // by status, as a set of the statuses that it was reached from
    }

    uint256 private constant ACTIONS = 8;

    address private constant PAYER = address(0xaa);
    address private constant NODE_A = address(0xbb);
    address private constant NODE_B = address(0xcc);
    address private constant CHALLENGER = address(0xdd);

    uint256 private constant FUNDS = 100e18;
    uint256 private constant STAKE = 100e18;
    uint256 private constant BOND = 10e18;
    bytes private constant OUTPUT = hex"0102030405060708";

    InferenceRequest private terms;
    RequestId private requestId;
    mapping(address node => bytes) private evidence;

    function setUp() public {
        vm.warp(1_800_000_000);
        deployProtocol();
        for (uint256 i = 0; i < 2; ++i) {
            address node = i == 0 ? NODE_A : NODE_B;
            fund(node, STAKE);
            registerNode(node, STAKE);
            address account = i == 0 ? PAYER : CHALLENGER;
            fund(account, FUNDS);
            vm.startPrank(account);
            escrow.deposit(account, FUNDS);
            escrow.authorizeLocker(address(market));
            vm.stopPrank();
        }
    }

    function test_34_proven_RequestsFollowTheTable_AndEnd() public {
        Search memory search = searchAll(Tier.Proven);
        assertEq(search.reached[uint8(RequestStatus.Locked)], from(RequestStatus.None), "locked");
        assertEq(search.reached[uint8(RequestStatus.Posted)], 0, "posted");
        assertEq(search.reached[uint8(RequestStatus.Challenged)], 0, "challenged");
        uint256 either = from(RequestStatus.None) | from(RequestStatus.Locked);
        assertEq(search.reached[uint8(RequestStatus.Fulfilled)], either, "fulfilled");
        assertEq(search.reached[uint8(RequestStatus.Expired)], either, "expired");
        assertEq(search.reached[uint8(RequestStatus.Rejected)], 0, "rejected");
        assertEq(search.ends, 25, "lives");
    }

    function test_35_optimistic_RequestsFollowTheTable_AndEnd() public {
        Search memory search = searchAll(Tier.Optimistic);
        assertEq(search.reached[uint8(RequestStatus.Locked)], from(RequestStatus.None), "locked");
        assertEq(search.reached[uint8(RequestStatus.Posted)], from(RequestStatus.Locked), "posted");
        assertEq(search.reached[uint8(RequestStatus.Challenged)], from(RequestStatus.Posted), "challenged");
        uint256 served = from(RequestStatus.Posted) | from(RequestStatus.Challenged);
        assertEq(search.reached[uint8(RequestStatus.Fulfilled)], served, "fulfilled");
        uint256 failed = from(RequestStatus.None) | from(RequestStatus.Locked);
        assertEq(search.reached[uint8(RequestStatus.Expired)], failed, "expired");
        assertEq(search.reached[uint8(RequestStatus.Rejected)], from(RequestStatus.Challenged), "rejected");
        assertEq(search.ends, 93, "lives");
    }

    // THE TABLE

    /// @dev The status after an action, or the same status if the action is refused.
    function wanted(RequestStatus status, Action action) private view returns (RequestStatus) {
        bool isLate = block.timestamp > deadline();
        if (status == RequestStatus.None) return wantedOfOpen(action, isLate);
        if (status == RequestStatus.Locked) return wantedOfLocked(action, isLate);
        if (status == RequestStatus.Posted) {
            if (action == Action.Challenge && !isLate) return RequestStatus.Challenged;
            if (action == Action.Finalize && isLate) return RequestStatus.Fulfilled;
        }
        if (status == RequestStatus.Challenged) {
            if (action == Action.Prove && !isLate) return RequestStatus.Fulfilled;
            if (action == Action.Expire && isLate) return RequestStatus.Rejected;
        }
        return status;
    }

    function wantedOfOpen(Action action, bool isLate) private view returns (RequestStatus) {
        if (action == Action.Expire && isLate) return RequestStatus.Expired;
        // Nothing can be done in the second in which the request is made.
        if (isLate || block.timestamp == terms.rampStart) return RequestStatus.None;
        if (action == Action.LockByA || action == Action.LockByB) return RequestStatus.Locked;
        bool isAnswer = action == Action.AnswerByA || action == Action.AnswerByB;
        return isAnswer && terms.tier == Tier.Proven ? RequestStatus.Fulfilled : RequestStatus.None;
    }

    function wantedOfLocked(Action action, bool isLate) private view returns (RequestStatus) {
        if (action == Action.Expire && isLate) return RequestStatus.Expired;
        bool isByA = holder() == NODE_A;
        bool isAnswer = action == (isByA ? Action.AnswerByA : Action.AnswerByB);
        if (!isAnswer || isLate) return RequestStatus.Locked;
        return terms.tier == Tier.Proven ? RequestStatus.Fulfilled : RequestStatus.Posted;
    }

    // SEARCH

    function searchAll(Tier tier) private returns (Search memory search) {
        makeRequest(tier);
        explore(search);
    }

    /// @dev Tries everything in this moment and goes on from whatever happened, then waits for the next moment.
    function explore(Search memory search) private {
        RequestStatus status = statusNow();
        checkMoney(status);
        bool isStuck = true;
        for (uint256 i = 0; i < ACTIONS; ++i) {
            RequestStatus next = wanted(status, Action(i));
            if (next == status) {
                assertFalse(act(Action(i)), "what the table does not have is refused");
                continue;
            }
            isStuck = false;
            uint256 snapshot = vm.snapshotState();
            assertTrue(act(Action(i)), "what the table has can be done");
            assertEq(uint8(statusNow()), uint8(next), "and does what the table says");
            search.reached[uint8(next)] |= from(status);
            explore(search);
            vm.revertToStateAndDelete(snapshot);
        }

        uint256 moment = nextMoment();
        if (moment != 0) {
            vm.warp(moment);
            explore(search);
        } else if (isStuck) {
            assertTrue(status >= RequestStatus.Fulfilled, "every request ends");
            ++search.ends;
        }
    }

    /// @dev The first moment after now at which other rules hold; zero if they stay the same for ever.
    function nextMoment() private view returns (uint256) {
        uint256 end = deadline();
        if (statusNow() >= RequestStatus.Fulfilled) end = terms.expiry;
        uint256 claimEnd = end + Durations.CLAIM_WINDOW;
        uint256[5] memory moments = [uint256(terms.rampStart) + 1, end, end + 1, claimEnd, claimEnd + 1];
        for (uint256 i = 0; i < moments.length; ++i) {
            if (block.timestamp < moments[i]) return moments[i];
        }
        return 0;
    }

    // ACT

    function makeRequest(Tier tier) private {
        RequestParameters memory parameters = RequestParameters({
            modelId: modelId,
            tier: tier,
            consumer: address(0),
            callbackGas: 0,
            maxFee: 1e18,
            collateral: 3e18,
            rampSeconds: 2 days,
            expiry: uint40(block.timestamp + 1 days),
            lockSeconds: 1 hours,
            salt: 0
        });
        bytes memory input = inputOf(0);
        terms = termsOf(parameters, PAYER, input);
        vm.prank(PAYER);
        requestId = market.request(parameters, input);
        assertTrue(requestId == market.requestIdOf(terms), "terms");
        evidence[NODE_A] = evidenceFor(claimFor(terms, requestId, NODE_A), input, OUTPUT, 1);
        evidence[NODE_B] = evidenceFor(claimFor(terms, requestId, NODE_B), input, OUTPUT, 2);
    }

    /// @dev Returns whether the market let it happen.
    function act(Action action) private returns (bool happened) {
        (address sender, bytes memory data) = callOf(action);
        vm.prank(sender);
        (happened, ) = address(market).call(data);
    }

    function callOf(Action action) private view returns (address sender, bytes memory data) {
        if (action == Action.LockByA) return (NODE_A, abi.encodeCall(market.lock, (terms, NODE_A)));
        if (action == Action.LockByB) return (NODE_B, abi.encodeCall(market.lock, (terms, NODE_B)));
        if (action == Action.AnswerByA) return (NODE_A, answerOf(NODE_A));
        if (action == Action.AnswerByB) return (NODE_B, answerOf(NODE_B));
        if (action == Action.Challenge) return (CHALLENGER, abi.encodeCall(market.challenge, (terms)));
        if (action == Action.Prove) {
            return (CHALLENGER, abi.encodeCall(market.prove, (terms, OUTPUT, evidence[holder()])));
        }
        if (action == Action.Finalize) return (CHALLENGER, abi.encodeCall(market.finalize, (terms, OUTPUT)));
        return (CHALLENGER, abi.encodeCall(market.expire, (terms)));
    }

    function answerOf(address node) private view returns (bytes memory) {
        bytes memory proof = terms.tier == Tier.Proven ? evidence[node] : bytes("");
        return abi.encodeCall(market.fulfil, (terms, node, OUTPUT, proof));
    }

    // CHECK

    /// @dev Nothing is lost at any time; in the end nothing waits, and who is owed what follows from how it ended.
    function checkMoney(RequestStatus status) private view {
        uint256 fee = escrow.lockOf(address(market), requestId).amount;
        uint256 paid = escrow.earningsOf(NODE_A) + escrow.earningsOf(NODE_B) + escrow.royaltiesOf(modelId);
        uint256 balances = escrow.balanceOf(PAYER) + escrow.balanceOf(CHALLENGER);
        uint256 bond = market.challengeOf(requestId).bond;
        assertEq(fee + paid + balances + bond, 2 * FUNDS, "fees and bonds");
        uint256 proceeds = staking.proceedsOf(PAYER) + staking.proceedsOf(CHALLENGER) + staking.treasuryProceeds();
        uint256 slashed = 2 * STAKE - staking.poolOf(NODE_A).stake - staking.poolOf(NODE_B).stake;
        assertEq(slashed, proceeds, "stake");

        bool isSettled = status >= RequestStatus.Fulfilled;
        assertEq(fee, isSettled ? 0 : terms.maxFee, "the fee waits exactly as long as the request");
        assertEq(
            bond,
            status == RequestStatus.Challenged ? BOND : 0,
            "the bond waits exactly as long as the challenge"
        );
        if (!isSettled || status == RequestStatus.Fulfilled) assertEq(slashed, 0, "slashed without a failure");
        if (status == RequestStatus.Fulfilled) checkPaid(paid);
        if (isSettled && status != RequestStatus.Fulfilled) checkRefunded(paid, slashed);
    }

    function checkPaid(uint256 paid) private view {
        uint256 royalty = escrow.royaltiesOf(modelId);
        assertEq(royalty, terms.royalty, "royalty");
        assertEq(escrow.earningsOf(holder()) + royalty, paid, "only the node that served, and the publisher");
        uint256 cost = FUNDS - escrow.balanceOf(PAYER);
        assertTrue(terms.minFee <= cost && cost <= terms.maxFee, "within the offer");
        uint256 lost = FUNDS - escrow.balanceOf(CHALLENGER);
        assertTrue(lost == 0 || lost == BOND, "a challenger who is wrong loses the bond");
    }

    function checkRefunded(uint256 paid, uint256 slashed) private view {
        assertEq(paid, 0, "nobody is paid");
        assertEq(escrow.balanceOf(PAYER), FUNDS, "the payer has its fee back");
        assertEq(escrow.balanceOf(CHALLENGER), FUNDS, "the challenger has its bond back");
        assertTrue(slashed == 0 || slashed == terms.collateral, "all of the collateral, or nothing");
        if (holder() == address(0)) assertEq(slashed, 0, "nobody had locked it");
    }

    // READ

    function statusNow() private view returns (RequestStatus) {
        return market.stateOf(requestId).status;
    }

    function holder() private view returns (address) {
        return market.stateOf(requestId).node;
    }

    function deadline() private view returns (uint256) {
        RequestStatus status = statusNow();
        return status == RequestStatus.None ? terms.expiry : market.stateOf(requestId).deadline;
    }

    function from(RequestStatus status) private pure returns (uint256) {
        return 1 << uint8(status);
    }
}
