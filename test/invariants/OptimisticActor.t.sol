// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChallengeTerms} from "../../contracts/interfaces/IOptimisticMarket.sol";
import {RequestId} from "../../contracts/types/RequestId.sol";
import {RequestStatus} from "../../contracts/types/RequestState.sol";
import {RequestActor} from "./RequestActor.t.sol";

/// @title OptimisticActor
/// @notice The part of the handler that answers without a proof, doubts such answers, and ends the disputes. Anybody doubts:
/// keepers, payers their own requests, nodes themselves.
abstract contract OptimisticActor is RequestActor {
    // NODES

    function post(uint256 which, uint96 answer) external {
        RequestId requestId = pickRequest(which, RequestStatus.Locked);
        bytes memory output = bytes.concat(bytes8(uint64(answer)));
        address node = market.stateOf(requestId).node;
        vm.prank(node);
        market.fulfil(memories[requestId].terms, node, output, "");
        memories[requestId].output = output;
        remember(requestId);
    }

    /// @dev The proof is brought by anybody; one in eight is of another output than the posted one.
    function prove(uint256 who, uint256 which) external {
        RequestId requestId = pickRequest(which, RequestStatus.Challenged);
        Memory storage found = memories[requestId];
        address node = market.stateOf(requestId).node;
        bytes memory output = who % 8 == 0 ? new bytes(OUTPUT_SIZE) : found.output;
        bytes memory evidence = evidenceOf(requestId, node, output);
        Purse memory purse = purseOf(requestId, node);
        vm.prank(pick(keepers, who));
        market.prove(found.terms, output, evidence);
        settle(requestId, purse);
    }

    // KEEPERS

    function challenge(uint256 who, uint256 which) external {
        // Half of the answers that could be challenged at the moment are not.
        RequestId requestId = pickRequest(which, who % 2 == 0 ? RequestStatus.Posted : RequestStatus.None);
        address challenger = pick(
            who % 4 == 0
                ? payers
                : who % 4 == 1
                    ? workers
                    : keepers,
            who / 4
        );
        uint256 before = escrow.balanceOf(challenger);
        vm.prank(challenger);
        market.challenge(memories[requestId].terms);
        memories[requestId].challenger = challenger;
        memories[requestId].bond += before - escrow.balanceOf(challenger);
        remember(requestId);
    }

    function finalize(uint256 who, uint256 which) external {
        RequestId requestId = pickRequest(which, RequestStatus.Posted);
        Memory storage found = memories[requestId];
        Purse memory purse = purseOf(requestId, market.stateOf(requestId).node);
        vm.prank(pick(keepers, who));
        market.finalize(found.terms, found.output);
        settle(requestId, purse);
    }

    // GOVERNANCE

    function changeChallengeTerms(uint256 challengeWindow, uint256 proveWindow, uint256 bond) external {
        market.setChallengeTerms(
            ChallengeTerms({
                challengeWindow: uint32(bound(challengeWindow, 1 hours, bond % 8 == 0 ? 3 days : 6 hours)),
                proveWindow: uint32(bound(proveWindow, 1 hours, bond % 8 == 0 ? 1 days : 6 hours)),
                challengeBond: uint96(bound(bond, 1, FUNDS / 1_000))
            })
        );
    }

    // WHAT THE INVARIANTS READ

    /// @dev What stands behind open challenges.
    function bondsHeld() internal view returns (uint256 total) {
        for (uint256 i = 0; i < requests.length; ++i) total += market.challengeOf(requests[i]).bond;
    }

    function disputeOf(RequestId requestId) external view returns (bytes32 posted, address challenger, uint256 bond) {
        posted = market.postedOutputOf(requestId);
        challenger = market.challengeOf(requestId).challenger;
        bond = market.challengeOf(requestId).bond;
    }
}
