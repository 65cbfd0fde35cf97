// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {RequestView} from "../../contracts/interfaces/IInferenceMarket.sol";
import {Durations} from "../../contracts/libraries/Durations.sol";
import {RequestId} from "../../contracts/types/RequestId.sol";
import {RequestStatus} from "../../contracts/types/RequestState.sol";
import {Tier} from "../../contracts/types/Tier.sol";
import {ChannelActor} from "./ChannelActor.t.sol";
import {OptimisticActor} from "./OptimisticActor.t.sol";
import {StakeActor} from "./StakeActor.t.sol";

/// @title Handler
/// @dev The files are named as tests because the runner only knows the contracts of such files.
/// @notice Acts on the protocol as many people would, and remembers what they did. Calls that the protocol refuses are part
/// of the game: they leave no trace here either.
contract Handler is ChannelActor, OptimisticActor, StakeActor {
    constructor() {
        vm.warp(1_800_000_000);
        deployProtocol();
        for (uint160 i = 1; i <= ACTORS; ++i) {
            addPayer(payers, address(0xa000 + i));
            addWorker(address(0xb000 + i));
            addPayer(keepers, address(0xc000 + i));
        }
        fundChannelPayers();
    }

    /// @dev Keepers are payers of bonds.
    function addPayer(address[] storage group, address payer) private {
        group.push(payer);
        fund(payer, FUNDS);
        openAccount(payer);
    }

    function addWorker(address worker) private {
        workers.push(worker);
        fund(worker, FUNDS);
        registerNode(worker, FUNDS / 2);
        openAccount(worker);
    }

    function openAccount(address account) private {
        vm.startPrank(account);
        escrow.deposit(account, FUNDS / 4);
        escrow.authorizeLocker(address(market));
        vm.stopPrank();
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

    // EVERYBODY

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

    // WHAT THE INVARIANTS READ

    function escrowDebts() external view returns (uint256 total) {
        for (uint256 i = 0; i < ACTORS; ++i) {
            total += escrow.balanceOf(payers[i]) + escrow.balanceOf(keepers[i]);
            total += escrow.balanceOf(workers[i]) + escrow.earningsOf(workers[i]);
        }
        total += escrow.balanceOf(PUBLISHER) + escrow.balanceOf(TREASURY) + escrow.royaltiesOf(modelId);
        for (uint256 i = 0; i < requests.length; ++i) {
            total += escrow.lockOf(address(market), requests[i]).amount;
        }
        total += channelDebts() + bondsHeld();
    }

    /// @dev Collateral that must be locked for a worker: free with the market, or behind a request that is not settled.
    function collateralDue(address worker) external view returns (uint256 total) {
        total = market.freeCollateralOf(worker);
        for (uint256 i = 0; i < requests.length; ++i) {
            RequestView memory state = market.stateOf(requests[i]);
            // Others are of an allotment that has expired.
            bool isIn = state.deadline >= allotmentBegins[worker];
            if (isIn && isServing(state, worker)) total += memories[requests[i]].terms.collateral;
        }
    }

    /// @dev When the last claim against a worker ends that has not ended yet, or zero.
    function lastClaimEnd(address worker) external view returns (uint256 end) {
        for (uint256 i = 0; i < requests.length; ++i) {
            RequestView memory state = market.stateOf(requests[i]);
            if (!isServing(state, worker) || memories[requests[i]].terms.collateral == 0) continue;
            uint256 claimEnd = state.deadline + Durations.CLAIM_WINDOW;
            if (block.timestamp <= state.deadline) claimEnd += longestDispute(requests[i], state.status);
            if (claimEnd >= block.timestamp) end = Math.max(end, claimEnd);
        }
    }

    /// @dev What can still come before the last word on a request whose deadline has not passed.
    function longestDispute(RequestId requestId, RequestStatus status) private view returns (uint256) {
        if (memories[requestId].terms.tier != Tier.Optimistic) return 0;
        if (status == RequestStatus.Locked) return Durations.MAX_DISPUTE;
        return status == RequestStatus.Posted ? Durations.MAX_PROVE_WINDOW : 0;
    }

    /// @dev Whether the worker took a request and neither served nor failed it yet.
    function isServing(RequestView memory state, address worker) private pure returns (bool) {
        bool isTaken = state.status >= RequestStatus.Locked && state.status <= RequestStatus.Challenged;
        return isTaken && state.node == worker;
    }

    function collateralExpiryOf(address worker) external view returns (uint256) {
        return staking.collateralExpiryOf(worker, address(market));
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
