// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICollateralAllotments} from "../interfaces/ICollateralAllotments.sol";
import {IStaking} from "../interfaces/IStaking.sol";
import {Durations} from "../libraries/Durations.sol";
import {AllotmentBook} from "./AllotmentBook.sol";

/// @title CollateralAllotments
/// @dev The part of a contract that holds nodes' stake behind their obligations: behind locked requests in the market, behind
/// committed batches and verifiers' words in the ledger.
///
/// A new obligation uses what the contract holds of the node's stake and is free, and asks `Staking` for more only if that
/// does not suffice. What a fulfilled one frees stays with the contract for the next, until the node calls
/// `releaseCollateral`: a busy node's stake moves once, not with every obligation. A node that fails one can be slashed for
/// it during `Durations.CLAIM_WINDOW` after its deadline; then the claim is lost, and the collateral is free again. What the
/// contract holds, the node's allotment, always lasts beyond the last such window, and is prolonged when it would not. Until
/// then `Staking.collateralOf(node, this) = free collateral + Σ collateral of the node's obligations`.
///
/// When an allotment expires, so have all claims against it; the node may take it back without the contract, and the next
/// obligation starts a new one. An obligation under an old allotment has a deadline before the new one began.
/// @custom:security-contact security@opengradient.ai
abstract contract CollateralAllotments is ICollateralAllotments, AllotmentBook, ReentrancyGuardTransient {
    using SafeCast for uint256;

    IStaking public immutable STAKING;

    constructor(IStaking staking) {
        STAKING = staking;
    }

    /// @inheritdoc ICollateralAllotments
    function releaseCollateral(uint256 amount) external nonReentrant {
        Allotment memory allotment = _allotmentOf(msg.sender);
        uint256 free = block.timestamp <= allotment.expiry ? allotment.free : 0;
        require(amount <= free, CollateralAllotmentsInUse(msg.sender, free, amount));

        // Not more than `free`, which fits 128 bits.
        allotment.free = uint128(free - amount);
        _setAllotment(msg.sender, allotment);

        STAKING.unlock(msg.sender, amount);
    }

    /// @inheritdoc ICollateralAllotments
    function freeCollateralOf(address node) external view returns (uint256) {
        Allotment memory allotment = _allotmentOf(node);
        return block.timestamp <= allotment.expiry ? allotment.free : 0;
    }

    /// @dev Takes collateral from the node's allotment, which is made larger, longer or anew as far as needed.
    function _useCollateral(address node, uint128 amount, uint256 deadline) internal {
        Allotment memory allotment = _allotmentOf(node);
        uint256 lapsed = 0;
        if (block.timestamp > allotment.expiry) {
            lapsed = STAKING.collateralOf(node, address(this));
            allotment = Allotment({free: 0, begin: block.timestamp.toUint40(), expiry: 0});
        }
        uint256 missing = Math.saturatingSub(amount, allotment.free);
        bool isTooShort = deadline + Durations.CLAIM_WINDOW > allotment.expiry;

        // Not less than what was asked for before: `ALLOTMENT` is the same every time.
        if (missing != 0 || isTooShort) allotment.expiry = (block.timestamp + Durations.ALLOTMENT).toUint40();
        allotment.free = missing == 0 ? allotment.free - amount : 0;
        _setAllotment(node, allotment);

        if (lapsed != 0) STAKING.unlock(node, lapsed);
        if (missing != 0 || isTooShort) STAKING.lock(node, missing, allotment.expiry);
    }
}
