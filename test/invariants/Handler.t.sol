// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {RequestParameters, RequestView} from "../../contracts/interfaces/IInferenceMarket.sol";
import {DelegationPool, Unbonding} from "../../contracts/interfaces/IStaking.sol";
import {Durations} from "../../contracts/libraries/Durations.sol";
import {InferenceRequest} from "../../contracts/types/InferenceRequest.sol";
import {RequestId} from "../../contracts/types/RequestId.sol";
import {RequestStatus} from "../../contracts/types/RequestState.sol";
import {Tier} from "../../contracts/types/Tier.sol";
import {ChannelActor} from "./ChannelActor.t.sol";

/// @title Handler
/// @dev The file is named as a test because the runner only knows the contracts of such files.
/// @notice Acts on the protocol as many people would, and remembers what they did. Calls that the protocol refuses are part
/// of the game: they leave no trace here either.
contract Handler is ChannelActor {
    uint256 internal constant ACTORS = 4;
    uint256 internal constant FUNDS = 1_000_000e18;

    struct Memory {
        InferenceRequest terms;
        uint256 seed;
        RequestStatus status;
        uint256 settlements;
        uint256 paid;
        uint256 refunded;
        bool movedBack;
    }

    address[] public payers;
    address[] public workers;
    RequestId[] public requests;

    mapping(RequestId requestId => Memory memories) internal memories;
    mapping(address worker => uint256 time) internal allotmentBegins;

    constructor() {
        vm.warp(1_800_000_000);
        deployProtocol();
        for (uint160 i = 1; i <= ACTORS; ++i) {
            addPayer(address(0xa000 + i));
            addWorker(address(0xb000 + i));
        }
        fundChannelPayers();
    }

    function addPayer(address payer) private {
        payers.push(payer);
        fund(payer, FUNDS);
        vm.startPrank(payer);
        escrow.deposit(payer, FUNDS / 2);
        escrow.authorizeLocker(address(market));
        vm.stopPrank();
    }

    function addWorker(address worker) private {
        workers.push(worker);
        fund(worker, FUNDS);
        registerNode(worker, FUNDS / 2);
    }

    // PAYERS

    function deposit(uint256 who, uint256 amount) external {
        address payer = pick(payers, who);
        vm.prank(payer);
        escrow.deposit(payer, bound(amount, 1, FUNDS / 10));
    }

    function withdraw(uint256 who, uint256 amount) external {
        address payer = pick(payers, who);
        vm.prank(payer);
        escrow.withdraw(bound(amount, 1, FUNDS), payer);
    }

    function request(uint256 who, uint96 maxFee, uint96 collateral, uint32 lifetime, uint32 lockSeconds) external {
        address payer = pick(payers, who);
        uint256 seed = requests.length;
        RequestParameters memory parameters = RequestParameters({
            modelId: modelId,
            tier: Tier.Proven,
            consumer: address(0),
            callbackGas: 0,
            maxFee: uint96(bound(maxFee, 1e17, FUNDS / 100)),
            collateral: uint96(bound(collateral, 0, FUNDS / 50)),
            rampSeconds: lockSeconds % 4 == 0 ? 0 : uint32(bound(lifetime, 1, 2 days)),
            expiry: uint40(block.timestamp + bound(lifetime, 1, 7 days)),
            lockSeconds: uint32(bound(lockSeconds, 1, 1 days)),
            salt: seed
        });
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
        RequestId requestId = pickRequest(which);
        if (memories[requestId].terms.collateral != 0 && !hasAllotment(worker)) {
            allotmentBegins[worker] = block.timestamp;
        }
        vm.prank(worker);
        market.lock(memories[requestId].terms, worker);
        remember(requestId);
    }

    function fulfil(uint256 who, uint256 which, uint96 answer) external {
        RequestId requestId = pickRequest(which);
        address locker = market.stateOf(requestId).node;
        // Mostly the node that may answer, so that answers are given at all.
        address worker = locker == address(0) || who % 8 == 0 ? pick(workers, who) : locker;
        Memory storage found = memories[requestId];
        bytes memory output = bytes.concat(bytes8(uint64(answer)));
        bytes memory evidence = evidenceFor(
            claimFor(found.terms, requestId, worker),
            inputOf(found.seed),
            output,
            found.seed
        );
        uint256 before = escrow.earningsOf(worker) + escrow.royaltiesOf(modelId);
        uint256 balance = escrow.balanceOf(found.terms.payer);
        market.fulfil(found.terms, worker, output, evidence);
        found.refunded += escrow.balanceOf(found.terms.payer) - balance;
        found.paid += escrow.earningsOf(worker) + escrow.royaltiesOf(modelId) - before;
        found.settlements += 1;
        remember(requestId);
    }

    function stealProof(uint256 thief, uint256 victim, uint256 which) external {
        RequestId requestId = pickRequest(which);
        Memory storage found = memories[requestId];
        bytes memory output = new bytes(OUTPUT_SIZE);
        bytes memory evidence = evidenceFor(
            claimFor(found.terms, requestId, pick(workers, victim)),
            inputOf(found.seed),
            output,
            found.seed
        );
        if (pick(workers, thief) == pick(workers, victim)) return;
        market.fulfil(found.terms, pick(workers, thief), output, evidence);
        // A stolen proof was paid: counted as a settlement that nothing explains.
        found.settlements += 1_000;
    }

    function releaseCollateral(uint256 who, uint256 amount) external {
        address worker = pick(workers, who);
        // One more than there is, now and then.
        uint256 wanted = bound(amount, 0, market.freeCollateralOf(worker) + 1);
        vm.prank(worker);
        market.releaseCollateral(wanted);
    }

    function stake(uint256 who, uint256 amount) external {
        address worker = pick(workers, who);
        vm.prank(worker);
        staking.stake(worker, bound(amount, 1, FUNDS / 10));
    }

    function beginUnstake(uint256 who, uint256 amount) external {
        address worker = pick(workers, who);
        // Mostly a part; now and then all that is free, so that delegators are what is left.
        uint256 free = staking.poolOf(worker).stake - staking.poolOf(worker).locked;
        vm.prank(worker);
        staking.beginUnstake(worker, amount % 4 == 0 ? free : bound(amount, 1, FUNDS / 8));
    }

    function finishUnstake(uint256 who) external {
        address worker = pick(workers, who);
        staking.withdraw(worker, worker);
    }

    function announceCommission(uint256 who, uint256 commission) external {
        vm.prank(pick(workers, who));
        staking.announceCommission(uint16(commission % 5_001));
    }

    function reclaim(uint256 who) external {
        staking.reclaim(pick(workers, who), address(market));
    }

    // DELEGATORS

    function delegate(uint256 who, uint256 operator, uint256 amount) external {
        vm.prank(pick(payers, who));
        staking.delegate(pick(workers, operator), bound(amount, 1, FUNDS / 50));
    }

    function beginUndelegate(uint256 who, uint256 operator, uint256 part) external {
        (address delegator, address worker) = (pick(payers, who), pick(workers, operator));
        uint256 shares = staking.delegationOf(worker, delegator).shares;
        vm.prank(delegator);
        staking.beginUnstake(worker, part % 2 == 0 ? shares : bound(part, 1, shares + 1));
    }

    function finishUndelegate(uint256 who, uint256 operator) external {
        staking.withdraw(pick(workers, operator), pick(payers, who));
    }

    function addRewards(uint256 who, uint256 operator, uint256 amount) external {
        vm.prank(pick(payers, who));
        staking.addRewards(pick(workers, operator), bound(amount, 1, FUNDS / 100));
    }

    function chooseDelegate(uint256 who, uint256 whom) external {
        vm.prank(who % 2 == 0 ? pick(payers, who / 2) : pick(workers, who / 2));
        staking.delegate(pick(payers, whom));
    }

    function syncVotes(uint256 who, uint256 operator) external {
        staking.syncVotes(pick(workers, operator), pick(payers, who));
    }

    // EVERYBODY

    function expire(uint256 who, uint256 which) external {
        RequestId requestId = pickRequest(which);
        Memory storage found = memories[requestId];
        uint256 before = escrow.balanceOf(found.terms.payer);
        vm.prank(pick(payers, who));
        market.expire(found.terms);
        found.refunded += escrow.balanceOf(found.terms.payer) - before;
        found.settlements += 1;
        remember(requestId);
    }

    function handOn(uint256 who) external {
        staking.handOn(pick(payers, who));
    }

    function handOnTreasury() external {
        staking.handOnTreasury();
    }

    function collectEarnings(uint256 who) external {
        escrow.collectEarnings(pick(workers, who));
    }

    function collectRoyalties() external {
        escrow.collectRoyalties(modelId);
    }

    function passTime(uint256 time) external {
        // Mostly short steps, so that requests are served in time; sometimes more than the unbonding period, and now and
        // then more than an allotment lasts.
        uint256 step = bound(time, 1, 12 hours);
        if (time % 8 == 0) step = time % 64 == 0 ? 31 days : 8 days;
        vm.warp(block.timestamp + step);
    }

    // MEMORY

    /// @dev Notes the request's status, and whether it moved in a way it must not.
    function remember(RequestId requestId) private {
        Memory storage found = memories[requestId];
        RequestStatus status = market.stateOf(requestId).status;
        bool forward = status > found.status && !(found.status > RequestStatus.Locked);
        if (!forward) found.movedBack = true;
        found.status = status;
    }

    function requestCount() external view returns (uint256) {
        return requests.length;
    }

    function memoryOf(RequestId requestId) external view returns (Memory memory) {
        return memories[requestId];
    }

    /// @dev One of the latest requests: old ones have ended.
    function pickRequest(uint256 which) private view returns (RequestId) {
        require(requests.length != 0, "no request yet");
        uint256 recent = requests.length < 16 ? requests.length : 16;
        return requests[requests.length - 1 - (which % recent)];
    }

    function pick(address[] storage group, uint256 who) private view returns (address) {
        return group[who % group.length];
    }

    // WHAT THE INVARIANTS READ

    function escrowDebts() external view returns (uint256 total) {
        for (uint256 i = 0; i < ACTORS; ++i) {
            total += escrow.balanceOf(payers[i]) + escrow.balanceOf(workers[i]) + escrow.earningsOf(workers[i]);
        }
        total += escrow.balanceOf(PUBLISHER) + escrow.balanceOf(TREASURY) + escrow.royaltiesOf(modelId);
        for (uint256 i = 0; i < requests.length; ++i) {
            total += escrow.lockOf(address(market), requests[i]).amount;
        }
        total += channelDebts();
    }

    function stakingDebts() external view returns (uint256 total) {
        for (uint256 i = 0; i < ACTORS; ++i) {
            total += staking.slashableOf(workers[i]);
            total += staking.proceedsOf(payers[i]) + staking.proceedsOf(workers[i]);
        }
        total += staking.treasuryProceeds();
    }

    /// @dev Collateral that must be locked for a worker: free with the market, or behind a locked request.
    function collateralDue(address worker) external view returns (uint256 total) {
        total = market.freeCollateralOf(worker);
        for (uint256 i = 0; i < requests.length; ++i) {
            RequestView memory state = market.stateOf(requests[i]);
            bool isIts = state.status == RequestStatus.Locked && state.node == worker;
            // Others are of an allotment that has expired.
            if (isIts && state.deadline >= allotmentBegins[worker]) total += memories[requests[i]].terms.collateral;
        }
    }

    /// @dev Whether the worker's collateral has not expired.
    function hasAllotment(address worker) public view returns (bool) {
        return block.timestamp <= staking.collateralExpiryOf(worker, address(market));
    }

    /// @dev When the last claim against a worker ends, or zero.
    function lastClaimEnd(address worker) external view returns (uint256 end) {
        for (uint256 i = 0; i < requests.length; ++i) {
            RequestView memory state = market.stateOf(requests[i]);
            bool isIts = state.status == RequestStatus.Locked && state.node == worker;
            if (isIts && memories[requests[i]].terms.collateral != 0) {
                end = Math.max(end, state.deadline + Durations.CLAIM_WINDOW);
            }
        }
    }

    function collateralExpiryOf(address worker) external view returns (uint256) {
        return staking.collateralExpiryOf(worker, address(market));
    }

    /// @dev Votes that anybody has, and the units of those who chose a delegate.
    function votesAndUnits() external view returns (uint256 votes, uint256 units) {
        for (uint256 i = 0; i < ACTORS; ++i) {
            votes += staking.getVotes(payers[i]) + staking.getVotes(workers[i]);
            if (staking.delegates(workers[i]) != address(0)) units += staking.poolOf(workers[i]).stake;
            if (staking.delegates(payers[i]) == address(0)) continue;
            for (uint256 j = 0; j < ACTORS; ++j) units += staking.delegationOf(workers[j], payers[i]).units;
        }
    }

    /// @dev What all shares of a worker's delegators are worth, and what there is for them.
    function delegatedOf(address worker) external view returns (uint256 worth, uint256 assets) {
        DelegationPool memory pool = staking.delegationPoolOf(worker);
        for (uint256 i = 0; i < ACTORS; ++i) {
            worth += staking.worthOf(worker, staking.delegationOf(worker, payers[i]).shares);
            Unbonding[] memory tranches = staking.unbondingOf(worker, payers[i]);
            for (uint256 j = 0; j < tranches.length; ++j) worth += tranches[j].amount;
        }
        assets = pool.assets;
    }

    function held() external view returns (uint256 byEscrow, uint256 byStaking, uint256 supply) {
        return (opg.balanceOf(address(escrow)), opg.balanceOf(address(staking)), opg.totalSupply());
    }

    function collateralOf(
        address worker
    ) external view returns (uint256 slashableOf, uint256 lockedOf, uint256 lockedForMarket) {
        slashableOf = staking.slashableOf(worker);
        lockedOf = staking.poolOf(worker).locked;
        lockedForMarket = staking.collateralOf(worker, address(market));
    }

    function stateOf(RequestId requestId) external view returns (RequestStatus status, bool isOpen, uint256 escrowed) {
        status = market.stateOf(requestId).status;
        isOpen = market.isOpen(requestId);
        escrowed = escrow.lockOf(address(market), requestId).amount;
    }
}
