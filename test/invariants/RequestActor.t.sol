// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RequestParameters, SharedFulfilment} from "../../contracts/interfaces/IInferenceMarket.sol";
import {SharedAnswer} from "../../contracts/interfaces/ISharedProofVerifier.sol";
import {InferenceRequest} from "../../contracts/types/InferenceRequest.sol";
import {RequestId} from "../../contracts/types/RequestId.sol";
import {RequestStatus} from "../../contracts/types/RequestState.sol";
import {Tier} from "../../contracts/types/Tier.sol";
import {ProtocolFixture} from "../fixtures/ProtocolFixture.sol";

/// @title RequestActor
/// @notice The part of the handler that asks, locks, serves and gives up, in both tiers that the model is offered in.
abstract contract RequestActor is ProtocolFixture {
    uint256 internal constant ACTORS = 4;
    uint256 internal constant FUNDS = 1_000_000e18;

    struct Memory {
        InferenceRequest terms;
        uint256 seed;
        RequestStatus status;
        bytes output; // that was posted
        address challenger;
        uint256 bond; // that was ever put behind a challenge
        uint256 settlements;
        uint256 paid; // to node and publisher, lost bonds included
        uint256 refunded; // to payer and challenger, returned bonds included
        bool movedBack;
    }

    address[] public payers;
    address[] public workers;
    address[] public keepers;
    RequestId[] public requests;

    /// @notice How often a request moved from one status to another.
    mapping(RequestStatus from => mapping(RequestStatus to => uint256 count)) public moves;

    mapping(RequestId requestId => Memory memories) internal memories;
    mapping(address worker => uint256 time) internal allotmentBegins;

    // PAYERS

    function request(uint256 who, uint96 maxFee, uint96 collateral, uint32 lifetime, uint32 lockSeconds) external {
        address payer = pick(payers, who);
        uint256 seed = requests.length;
        RequestParameters memory parameters = RequestParameters({
            modelId: modelId,
            tier: lifetime % 2 == 0 ? Tier.Proven : Tier.Optimistic,
            consumer: address(0),
            callbackGas: 0,
            maxFee: uint96(bound(maxFee, 1e17, FUNDS / 100)),
            collateral: uint96(bound(collateral, 0, FUNDS / 50)),
            rampSeconds: lockSeconds % 4 == 0 ? 0 : uint32(bound(lifetime, 1, 2 days)),
            expiry: uint40(block.timestamp + bound(lifetime, 1, 7 days)),
            lockSeconds: uint32(bound(lockSeconds, 1, 1 days)),
            salt: seed
        });
        // What an optimistic answer needs at the least, and now and then a wei too little.
        if (parameters.tier == Tier.Optimistic) parameters.collateral += parameters.maxFee;
        InferenceRequest memory terms = termsOf(parameters, payer, inputOf(seed));
        vm.prank(payer);
        RequestId requestId = market.request(parameters, inputOf(seed));
        requests.push(requestId);
        // Nobody can take it in the second in which it is made.
        vm.warp(block.timestamp + 1);
        memories[requestId].terms = terms;
        memories[requestId].seed = seed;
    }

    // NODES

    function lock(uint256 who, uint256 which) external {
        address worker = pick(workers, who);
        RequestId requestId = pickRequest(which, RequestStatus.None);
        if (memories[requestId].terms.collateral != 0 && !hasAllotment(worker)) {
            allotmentBegins[worker] = block.timestamp;
        }
        vm.prank(worker);
        market.lock(memories[requestId].terms, worker);
        remember(requestId);
    }

    function fulfil(uint256 who, uint256 which, uint96 answer) external {
        RequestId requestId = pickRequest(which, who % 2 == 0 ? RequestStatus.Locked : RequestStatus.None);
        address locker = market.stateOf(requestId).node;
        // Mostly the node that may answer, so that answers are given at all.
        address worker = locker == address(0) || who % 8 == 0 ? pick(workers, who) : locker;
        bytes memory output = bytes.concat(bytes8(uint64(answer)));
        bytes memory evidence = evidenceOf(requestId, worker, output);
        Purse memory purse = purseOf(requestId, worker);
        market.fulfil(memories[requestId].terms, worker, output, evidence);
        settle(requestId, purse);
    }

    /// @dev Two requests by one proof, or the same one twice; some of them cannot be served by this node.
    function fulfilShared(uint256 who, uint256 which, uint256 other, uint96 answer) external {
        RequestId[2] memory chosen = [
            pickRequest(which, who % 2 == 0 ? RequestStatus.Locked : RequestStatus.None),
            pickRequest(other, RequestStatus.None)
        ];
        address locker = market.stateOf(chosen[0]).node;
        address worker = locker == address(0) ? pick(workers, who) : locker;
        SharedFulfilment[] memory items = new SharedFulfilment[](2);
        bytes memory evidence = sharedEvidenceOf(items, chosen, worker, bytes.concat(bytes8(uint64(answer))));
        settleShared(items, chosen, worker, evidence);
    }

    function sharedEvidenceOf(
        SharedFulfilment[] memory items,
        RequestId[2] memory chosen,
        address worker,
        bytes memory output
    ) private view returns (bytes memory) {
        SharedAnswer[] memory answers = new SharedAnswer[](2);
        bytes[] memory inputs = new bytes[](2);
        for (uint256 i = 0; i < 2; ++i) {
            Memory storage found = memories[chosen[i]];
            items[i] = SharedFulfilment({terms: found.terms, output: output});
            inputs[i] = inputOf(found.seed);
            answers[i] = SharedAnswer({requestId: chosen[i], inputHash: found.terms.inputHash, output: output});
        }
        return sharedEvidenceFor(worker, answers, inputs, memories[chosen[0]].seed);
    }

    /// @dev Notes what each settlement should have paid, and holds the sum against what was paid.
    function settleShared(
        SharedFulfilment[] memory items,
        RequestId[2] memory chosen,
        address worker,
        bytes memory evidence
    ) private {
        bool isSame = chosen[0] == chosen[1];
        bool[2] memory wasServed = [isFulfilled(chosen[0]), isFulfilled(chosen[1])];
        uint256[2] memory fees = [feeOf(chosen[0]), feeOf(chosen[1])];
        uint256 owed = escrow.earningsOf(worker) + escrow.royaltiesOf(modelId);
        market.fulfilShared(worker, items, evidence);

        uint256 expected;
        for (uint256 i = 0; i < 2; ++i) {
            if (wasServed[i] || !isFulfilled(chosen[i]) || (i == 1 && isSame)) continue;
            Memory storage found = memories[chosen[i]];
            found.paid += fees[i];
            found.refunded += found.terms.maxFee - fees[i];
            found.settlements += 1;
            expected += fees[i];
            remember(chosen[i]);
        }
        // What was paid beside what is owed, more or less, is a settlement that nothing explains.
        if (escrow.earningsOf(worker) + escrow.royaltiesOf(modelId) != owed + expected)
            memories[chosen[0]].settlements += 1_000;
    }

    function isFulfilled(RequestId requestId) private view returns (bool) {
        return market.stateOf(requestId).status == RequestStatus.Fulfilled;
    }

    /// @dev What is paid if the request is served now.
    function feeOf(RequestId requestId) private view returns (uint256) {
        uint256 lockTime = market.stateOf(requestId).lockTime;
        return market.feeAt(memories[requestId].terms, lockTime == 0 ? block.timestamp : lockTime);
    }

    function stealProof(uint256 thief, uint256 victim, uint256 which) external {
        RequestId requestId = pickRequest(which, RequestStatus.None);
        bytes memory output = new bytes(OUTPUT_SIZE);
        bytes memory evidence = evidenceOf(requestId, pick(workers, victim), output);
        if (pick(workers, thief) == pick(workers, victim)) return;
        market.fulfil(memories[requestId].terms, pick(workers, thief), output, evidence);
        // A stolen proof was paid: counted as a settlement that nothing explains.
        memories[requestId].settlements += 1_000;
    }

    function releaseCollateral(uint256 who, uint256 amount) external {
        address worker = pick(workers, who);
        // One more than there is, now and then.
        uint256 wanted = bound(amount, 0, market.freeCollateralOf(worker) + 1);
        vm.prank(worker);
        market.releaseCollateral(wanted);
    }

    // EVERYBODY

    function expire(uint256 who, uint256 which) external {
        RequestId requestId = pickRequest(which, RequestStatus(who % 4));
        Purse memory purse = purseOf(requestId, market.stateOf(requestId).node);
        vm.prank(pick(payers, who));
        market.expire(memories[requestId].terms);
        settle(requestId, purse);
    }

    // MEMORY

    /// @dev What a request's people have in the escrow before it is settled.
    struct Purse {
        address node;
        uint256 earned; // by the node and the publisher
        uint256 kept; // by the payer and the challenger
    }

    function purseOf(RequestId requestId, address node) internal view returns (Purse memory purse) {
        Memory storage found = memories[requestId];
        purse.node = node;
        purse.earned = escrow.earningsOf(node) + escrow.royaltiesOf(modelId);
        purse.kept = escrow.balanceOf(found.terms.payer);
        bool isOther = found.challenger != found.terms.payer;
        if (isOther) purse.kept += escrow.balanceOf(found.challenger);
    }

    /// @dev Notes what a settlement paid and to whom.
    function settle(RequestId requestId, Purse memory purse) internal {
        Memory storage found = memories[requestId];
        Purse memory later = purseOf(requestId, purse.node);
        found.paid += later.earned - purse.earned;
        found.refunded += later.kept - purse.kept;
        found.settlements += 1;
        remember(requestId);
    }

    /// @dev Notes the request's status, and whether it moved in a way it must not.
    function remember(RequestId requestId) internal {
        Memory storage found = memories[requestId];
        RequestStatus status = market.stateOf(requestId).status;
        if (!canMove(found.status, status, found.terms.tier)) found.movedBack = true;
        ++moves[found.status][status];
        found.status = status;
    }

    /// @notice Whether a request of this tier may go from one status to the other in one step.
    function canMove(RequestStatus from, RequestStatus to, Tier tier) public pure returns (bool) {
        bool isOptimistic = tier == Tier.Optimistic;
        if (from == RequestStatus.None) {
            bool isServed = to == RequestStatus.Fulfilled && !isOptimistic;
            return to == RequestStatus.Locked || to == RequestStatus.Expired || isServed;
        }
        if (from == RequestStatus.Locked) {
            return to == RequestStatus.Expired || to == (isOptimistic ? RequestStatus.Posted : RequestStatus.Fulfilled);
        }
        if (!isOptimistic) return false;
        if (from == RequestStatus.Posted) return to == RequestStatus.Challenged || to == RequestStatus.Fulfilled;
        return from == RequestStatus.Challenged && (to == RequestStatus.Fulfilled || to == RequestStatus.Rejected);
    }

    function requestCount() external view returns (uint256) {
        return requests.length;
    }

    function memoryOf(RequestId requestId) external view returns (Memory memory) {
        return memories[requestId];
    }

    /// @dev Whether the worker's collateral has not expired.
    function hasAllotment(address worker) public view returns (bool) {
        return block.timestamp <= staking.collateralExpiryOf(worker, address(market));
    }

    function evidenceOf(RequestId requestId, address worker, bytes memory output) internal view returns (bytes memory) {
        Memory storage found = memories[requestId];
        return evidenceFor(claimFor(found.terms, requestId, worker), inputOf(found.seed), output, found.seed);
    }

    /// @dev One of the latest requests, for old ones have ended: mostly one with this status, so that flows of many steps
    /// come to their end; one in eight is any.
    function pickRequest(uint256 which, RequestStatus wanted) internal view returns (RequestId found) {
        require(requests.length != 0, "no request yet");
        uint256 recent = requests.length < 16 ? requests.length : 16;
        for (uint256 i = 0; i < recent; ++i) {
            found = requests[requests.length - 1 - ((which + i) % recent)];
            if ((which / 16) % 8 == 0 || market.stateOf(found).status == wanted) return found;
        }
    }

    function pick(address[] storage group, uint256 who) internal view returns (address) {
        return group[who % group.length];
    }
}
