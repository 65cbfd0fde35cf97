// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IFeeEscrow} from "../../contracts/interfaces/IFeeEscrow.sol";
import {IInferenceMarket, RequestParameters} from "../../contracts/interfaces/IInferenceMarket.sol";
import {InferenceClaim} from "../../contracts/interfaces/IVerifier.sol";
import {IProvenVerifier} from "../../contracts/interfaces/IProvenVerifier.sol";
import {InferenceRequest} from "../../contracts/types/InferenceRequest.sol";
import {RequestId} from "../../contracts/types/RequestId.sol";
import {RequestStatus} from "../../contracts/types/RequestState.sol";
import {Tier} from "../../contracts/types/Tier.sol";
import {ProtocolFixture} from "../fixtures/ProtocolFixture.sol";

contract InferenceMarketTest is ProtocolFixture {
    address private constant PAYER = address(0xaa);
    address private constant NODE = address(0xbb);
    address private constant RIVAL = address(0xcc);

    uint256 private constant FUNDS = 1_000_000e18;
    uint256 private constant STAKE = 10_000e18;

    struct Ask {
        uint96 maxFee;
        uint96 collateral;
        uint32 lifetime;
        uint32 lockSeconds;
        uint32 rampSeconds;
        uint256 salt;
    }

    function setUp() public {
        vm.warp(1_800_000_000);
        deployProtocol();
        fund(PAYER, FUNDS);
        fund(NODE, STAKE);
        fund(RIVAL, STAKE);
        registerNode(NODE, STAKE);
        registerNode(RIVAL, STAKE);
        vm.startPrank(PAYER);
        escrow.deposit(PAYER, FUNDS);
        escrow.authorizeLocker(address(market));
        vm.stopPrank();
    }

    function testFuzz_request_Announces_TheTermsItLocks(Ask memory ask, uint256 seed) public {
        (InferenceRequest memory terms, RequestId requestId) = made(ask, seed);
        assertTrue(market.requestIdOf(terms) == requestId, "id");
        assertTrue(market.isOpen(requestId), "open");
        assertEq(escrow.lockOf(address(market), requestId).amount, terms.maxFee, "locked");
        assertEq(escrow.balanceOf(PAYER), FUNDS - terms.maxFee, "balance");
    }

    function testFuzz_fulfil_Pays_WhatWasOfferedAtTheLock(
        Ask memory ask,
        uint256 seed,
        bytes8 answer,
        uint256 delay,
        uint256 wait
    ) public {
        (InferenceRequest memory terms, RequestId requestId) = made(ask, seed);
        vm.warp(bound(delay, block.timestamp, terms.expiry));
        uint256 offered = market.feeAt(terms, block.timestamp);
        vm.prank(NODE);
        market.lock(terms, NODE);
        assertEq(market.stateOf(requestId).lockTime, block.timestamp, "lock time");
        vm.warp(bound(wait, block.timestamp, market.stateOf(requestId).deadline));

        serve(terms, requestId, seed, answer);
        assertTrue(market.stateOf(requestId).status == RequestStatus.Fulfilled, "status");
        assertEq(escrow.earningsOf(NODE) + escrow.royaltiesOf(modelId), offered, "paid");
        assertEq(escrow.balanceOf(PAYER), FUNDS - offered, "refunded");
        assertEq(market.freeCollateralOf(NODE), terms.collateral, "free collateral");
        assertEq(staking.collateralOf(NODE, address(market)), terms.collateral, "collateral");
    }

    function testFuzz_fulfil_Pays_WhatIsOfferedNow_WithoutALock(Ask memory ask, uint256 seed, uint256 delay) public {
        (InferenceRequest memory terms, RequestId requestId) = made(ask, seed);
        vm.warp(bound(delay, block.timestamp, terms.expiry));
        uint256 offered = market.feeAt(terms, block.timestamp);
        serve(terms, requestId, seed, 0);
        assertEq(escrow.earningsOf(NODE) + escrow.royaltiesOf(modelId), offered, "paid");
        assertEq(escrow.balanceOf(PAYER), FUNDS - offered, "refunded");
    }

    function testFuzz_request_Reverts_TwiceInOneSecond(Ask memory ask, uint256 seed) public {
        (InferenceRequest memory terms, RequestId requestId) = made(ask, seed);
        vm.warp(terms.rampStart);
        bytes memory input = inputOf(seed);
        opg.transfer(PAYER, terms.maxFee);
        vm.prank(PAYER);
        escrow.deposit(PAYER, terms.maxFee);
        vm.expectRevert(abi.encodeWithSelector(IFeeEscrow.FeeEscrowAlreadyLocked.selector, address(market), requestId));
        vm.prank(PAYER);
        market.request(parametersOf(terms), input);
    }

    /// @dev What makes it safe that a request does not look for its state: none can be written in its second.
    function testFuzz_lockAndFulfil_Revert_InTheSecondOfTheRequest(Ask memory ask, uint256 seed) public {
        (InferenceRequest memory terms, RequestId requestId) = made(ask, seed);
        vm.warp(terms.rampStart);
        bytes memory fresh = abi.encodeWithSelector(
            IInferenceMarket.InferenceMarketTooFresh.selector,
            requestId,
            terms.rampStart
        );
        bytes memory evidence = honestEvidence(terms, requestId, seed, 0);
        vm.expectRevert(fresh);
        market.fulfil(terms, NODE, new bytes(8), evidence);
        vm.expectRevert(fresh);
        vm.prank(NODE);
        market.lock(terms, NODE);
        vm.expectRevert();
        market.expire(terms);
    }

    function testFuzz_feeAt_Ramps_FromLeastToMost(Ask memory ask, uint256 seed, uint256 delay) public {
        ask.rampSeconds = uint32(bound(ask.rampSeconds, 1, 2 days));
        (InferenceRequest memory terms, ) = made(ask, seed);
        uint256 start = terms.rampStart;
        assertEq(market.feeAt(terms, start), terms.minFee, "start");
        assertEq(market.feeAt(terms, start + terms.rampSeconds), terms.maxFee, "end");
        uint256 elapsed = bound(delay, 0, uint256(terms.rampSeconds) - 1);
        uint256 fee = market.feeAt(terms, start + elapsed);
        uint256 next = market.feeAt(terms, start + elapsed + 1);
        uint256 range = terms.maxFee - terms.minFee;
        assertLe(fee, next, "monotone");
        assertLe(next, terms.maxFee, "bounded");
        assertLe((fee - terms.minFee) * terms.rampSeconds, range * elapsed, "rounded for the payer");
        assertLe(range * elapsed, (fee - terms.minFee + 1) * terms.rampSeconds, "rounded by less than a wei");
    }

    function testFuzz_feeAt_IsTheMost_WithoutRamp(Ask memory ask, uint256 seed, uint32 delay) public {
        ask.rampSeconds = 0;
        (InferenceRequest memory terms, ) = made(ask, seed);
        assertEq(market.feeAt(terms, uint256(terms.rampStart) + delay), terms.maxFee, "fee");
    }

    function testFuzz_expire_GivesBackEverything_HoweverFarTheOfferRose(Ask memory ask, uint256 seed) public {
        (InferenceRequest memory terms, ) = made(ask, seed);
        vm.warp(uint256(terms.expiry) + 1);
        market.expire(terms);
        assertEq(escrow.balanceOf(PAYER), FUNDS, "refunded");
    }

    function testFuzz_fulfil_Rejects_TheProofOfAnother(
        Ask memory ask,
        uint256 seed,
        bytes8 answer,
        address thief
    ) public {
        vm.assume(thief != NODE);
        (InferenceRequest memory terms, RequestId requestId) = made(ask, seed);
        bytes memory evidence = honestEvidence(terms, requestId, seed, answer);
        vm.expectRevert();
        market.fulfil(terms, thief, bytes.concat(answer), evidence);
        vm.expectRevert(abi.encodeWithSelector(IProvenVerifier.ProvenVerifierInvalidProof.selector, requestId));
        market.fulfil(terms, RIVAL, bytes.concat(answer), evidence);
    }

    function testFuzz_fulfil_Rejects_OtherOutput(Ask memory ask, uint256 seed, bytes8 answer, bytes8 lie) public {
        vm.assume(lie != answer);
        (InferenceRequest memory terms, RequestId requestId) = made(ask, seed);
        bytes memory evidence = honestEvidence(terms, requestId, seed, answer);
        vm.expectRevert(abi.encodeWithSelector(IProvenVerifier.ProvenVerifierInvalidProof.selector, requestId));
        market.fulfil(terms, NODE, bytes.concat(lie), evidence);
    }

    function testFuzz_fulfil_Rejects_OtherInput(Ask memory ask, uint256 seed, uint256 otherSeed, bytes8 answer) public {
        vm.assume(seed != otherSeed);
        (InferenceRequest memory terms, RequestId requestId) = made(ask, seed);
        bytes memory evidence = honestEvidence(terms, requestId, otherSeed, answer);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProvenVerifier.ProvenVerifierWrongInput.selector,
                keccak256(inputOf(otherSeed)),
                terms.inputHash
            )
        );
        market.fulfil(terms, NODE, bytes.concat(answer), evidence);
    }

    function testFuzz_fulfil_Rejects_AnyChangedEvidence(
        Ask memory ask,
        uint256 seed,
        uint256 position,
        bytes1 change
    ) public {
        vm.assume(change != 0);
        (InferenceRequest memory terms, RequestId requestId) = made(ask, seed);
        bytes memory evidence = honestEvidence(terms, requestId, seed, 0);
        uint256 index = position % evidence.length;
        evidence[index] = evidence[index] ^ change;
        vm.expectRevert();
        market.fulfil(terms, NODE, new bytes(8), evidence);
    }

    function testFuzz_fulfil_HappensOnce(Ask memory ask, uint256 seed, bytes8 answer) public {
        (InferenceRequest memory terms, RequestId requestId) = made(ask, seed);
        serve(terms, requestId, seed, answer);
        bytes memory evidence = honestEvidence(terms, requestId, seed, answer);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceMarket.InferenceMarketSettled.selector, requestId, RequestStatus.Fulfilled)
        );
        market.fulfil(terms, NODE, bytes.concat(answer), evidence);
    }

    function testFuzz_expire_Refunds_AfterTheExpiry(Ask memory ask, uint256 seed, uint256 wait, address caller) public {
        (InferenceRequest memory terms, RequestId requestId) = made(ask, seed);
        vm.warp(bound(wait, uint256(terms.expiry) + 1, uint256(terms.expiry) + 365 days));
        vm.prank(caller);
        market.expire(terms);
        assertTrue(market.stateOf(requestId).status == RequestStatus.Expired, "status");
        assertEq(escrow.balanceOf(PAYER), FUNDS, "refunded");
    }

    function testFuzz_expire_Slashes_TheLocker(Ask memory ask, uint256 seed, uint256 wait) public {
        (InferenceRequest memory terms, RequestId requestId) = made(ask, seed);
        vm.prank(NODE);
        market.lock(terms, NODE);
        uint256 deadline = market.stateOf(requestId).deadline;
        vm.warp(bound(wait, deadline + 1, deadline + 7 days));
        market.expire(terms);
        assertEq(escrow.balanceOf(PAYER), FUNDS, "refunded");
        assertEq(staking.poolOf(NODE).stake, STAKE - terms.collateral, "stake left");
        assertEq(staking.collateralOf(NODE, address(market)), 0, "collateral left");
        uint256 compensation = terms.collateral < terms.maxFee ? terms.collateral : terms.maxFee;
        assertEq(staking.proceedsOf(PAYER), compensation, "compensation");
    }

    function testFuzz_expire_Refunds_AndSlashesNobody_AfterTheClaimWindow(
        Ask memory ask,
        uint256 seed,
        uint256 wait,
        bool isReclaimed
    ) public {
        (InferenceRequest memory terms, RequestId requestId) = made(ask, seed);
        vm.prank(NODE);
        market.lock(terms, NODE);
        uint256 deadline = market.stateOf(requestId).deadline;
        vm.warp(bound(wait, deadline + 7 days + 1, deadline + 365 days));
        bool hasExpired = block.timestamp > staking.collateralExpiryOf(NODE, address(market));
        if (isReclaimed && hasExpired && terms.collateral != 0) staking.reclaim(NODE, address(market));
        market.expire(terms);
        assertEq(escrow.balanceOf(PAYER), FUNDS, "refunded");
        assertEq(staking.poolOf(NODE).stake, STAKE, "stake left");
        assertEq(market.freeCollateralOf(NODE), hasExpired ? 0 : terms.collateral, "free");
    }

    function testFuzz_expire_Reverts_WhileServable(Ask memory ask, uint256 seed, uint256 wait, bool isLocked) public {
        (InferenceRequest memory terms, RequestId requestId) = made(ask, seed);
        uint256 deadline = terms.expiry;
        if (isLocked) {
            vm.prank(NODE);
            market.lock(terms, NODE);
            deadline = market.stateOf(requestId).deadline;
        }
        uint256 now_ = bound(wait, block.timestamp, deadline);
        vm.warp(now_);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceMarket.InferenceMarketTooEarly.selector, requestId, now_, deadline)
        );
        market.expire(terms);
        // What cannot be expired yet can still be served.
        serve(terms, requestId, seed, 0);
    }

    function testFuzz_terms_ThatWereNeverAsked_AreRefused(Ask memory ask, uint256 seed, uint96 fee) public {
        (InferenceRequest memory terms, ) = made(ask, seed);
        vm.assume(fee != terms.maxFee);
        terms.maxFee = fee;
        RequestId forged = market.requestIdOf(terms);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceMarket.InferenceMarketNotOpen.selector, forged, RequestStatus.None)
        );
        vm.prank(NODE);
        market.lock(terms, NODE);
        bytes memory evidence = honestEvidence(terms, forged, seed, 0);
        vm.expectRevert();
        market.fulfil(terms, NODE, new bytes(8), evidence);
        vm.warp(uint256(terms.expiry) + 1);
        vm.expectRevert();
        market.expire(terms);
    }

    function parametersOf(InferenceRequest memory terms) private pure returns (RequestParameters memory) {
        return
            RequestParameters({
                modelId: terms.modelId,
                tier: terms.tier,
                consumer: terms.consumer,
                callbackGas: terms.callbackGas,
                maxFee: terms.maxFee,
                collateral: terms.collateral,
                rampSeconds: terms.rampSeconds,
                expiry: terms.expiry,
                lockSeconds: terms.lockSeconds,
                salt: terms.salt
            });
    }

    function made(Ask memory ask, uint256 seed) private returns (InferenceRequest memory terms, RequestId requestId) {
        RequestParameters memory parameters = RequestParameters({
            modelId: modelId,
            tier: Tier.Proven,
            consumer: address(0),
            callbackGas: 0,
            maxFee: uint96(bound(ask.maxFee, 2e15, FUNDS)),
            collateral: uint96(bound(ask.collateral, 0, STAKE)),
            rampSeconds: uint32(bound(ask.rampSeconds, 0, 2 days)),
            expiry: uint40(block.timestamp + bound(ask.lifetime, 1, 7 days)),
            lockSeconds: uint32(bound(ask.lockSeconds, 1, 1 days)),
            salt: ask.salt
        });
        bytes memory input = inputOf(seed);
        terms = termsOf(parameters, PAYER, input);
        vm.prank(PAYER);
        requestId = market.request(parameters, input);
        vm.warp(block.timestamp + 1);
    }

    function serve(InferenceRequest memory terms, RequestId requestId, uint256 seed, bytes8 answer) private {
        market.fulfil(terms, NODE, bytes.concat(answer), honestEvidence(terms, requestId, seed, answer));
    }

    function honestEvidence(
        InferenceRequest memory terms,
        RequestId requestId,
        uint256 seed,
        bytes8 answer
    ) private view returns (bytes memory) {
        InferenceClaim memory claim = claimFor(terms, requestId, NODE);
        claim.inputHash = keccak256(inputOf(seed));
        return evidenceFor(claim, inputOf(seed), bytes.concat(answer), seed);
    }
}
