// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Fault, IReceiptChallenges} from "../interfaces/IReceiptChallenges.sol";
import {SlashOrder} from "../interfaces/IStaking.sol";
import {BasisPoints} from "../libraries/BasisPoints.sol";
import {Durations} from "../libraries/Durations.sol";
import {BatchId} from "../types/BatchId.sol";
import {BatchStatus} from "../types/BatchState.sol";
import {InferenceBatch} from "../types/InferenceBatch.sol";
import {ShownReceipt} from "../types/ShownReceipt.sol";
import {BatchBook} from "./BatchBook.sol";

/// @title Convicting
/// @dev The part of the ledger that rejects batches and slashes their nodes.
///
/// WHO GETS WHAT
///
/// The collateral of a batch is made of one part for the batch, and one for each receipt in proportion to its fee. The first
/// conviction takes the former and the part of its receipt; each further one that of its own. So no payer's compensation depends on
/// who came first, and nobody gains by convicting himself of something small. Where a node is not convicted of a receipt, but of
/// keeping receipts to itself or of a wrong total, payers can still come, and what they leave is taken in the end.
///
/// Nothing is slashed later than a claim window after the last word: the node's allotment may have ended by then, and what the
/// ledger has locked is behind other obligations.
abstract contract Convicting is BatchBook {
    /// @dev Convicts the node of a receipt. The caller has checked that it may be.
    function _convict(
        Case memory found,
        uint256 totalFee,
        ShownReceipt calldata shown,
        Fault fault,
        address reporter
    ) internal {
        _markConvicted(found.id, shown.index);
        uint256 fee = Math.min(shown.receipt.fee, totalFee);
        uint256 amount = BasisPoints.shareDown(fee, found.terms.collateralBps);
        amount = _take(found, totalFee, amount, fault, reporter);
        emit IReceiptChallenges.ReceiptConvicted(found.id, shown.index, fault, reporter, amount);

        // The total fits 96 bits.
        _slash(found, found.state.node(), amount, shown.receipt.payer, uint96(fee), reporter);
    }

    /// @dev Convicts the node of what is about no receipt in particular.
    function _condemn(Case memory found, uint256 totalFee, Fault fault, address reporter) internal {
        uint256 amount = _take(found, totalFee, 0, fault, reporter);
        Verdict storage verdict = _book().verdicts[found.id];
        if (verdict.condemner == address(0)) verdict.condemner = reporter;

        _slash(found, found.state.node(), amount, reporter, 0, reporter);
    }

    /// @dev Takes `amount` out of the collateral, and with the first conviction what stands for the batch as a whole. Returns what
    /// is to be slashed.
    function _take(
        Case memory found,
        uint256 totalFee,
        uint256 amount,
        Fault fault,
        address reporter
    ) private returns (uint256) {
        Verdict storage verdict = _book().verdicts[found.id];
        if (found.state.status() == BatchStatus.Rejected) {
            uint96 remaining = verdict.remaining;
            amount = Math.min(amount, remaining);
            // Not more than `remaining`.
            verdict.remaining = remaining - uint96(amount);
            return amount;
        }

        _setState(found, found.state.moved(BatchStatus.Rejected));
        amount += found.terms.minCollateral;
        // Stake that `Staking` has locked: less than the supply, which fits 90 bits. The fee is not more than the total.
        verdict.remaining = uint96(_collateralOf(found.terms, totalFee) - amount);
        emit IReceiptChallenges.BatchRejected(found.id, found.state.node(), fault, reporter);

        if (_potOf(found.terms, totalFee) != 0) FEE_ESCROW.refund(_potIdOf(found.id));
        return amount;
    }

    /// @dev Slashes who stood for the batch; or gives the collateral back if it is too late for that.
    function _slash(
        Case memory found,
        address operator,
        uint256 amount,
        address payer,
        uint96 harm,
        address reporter
    ) internal {
        // Stake that `Staking` has locked, which fits 90 bits.
        uint128 taken = uint128(amount);
        if (!_isClaimable(found)) return _freeCollateral(operator, taken, _lastWord(found));
        if (taken == 0) return;
        STAKING.slash(SlashOrder({operator: operator, amount: taken, payer: payer, harm: harm, reporter: reporter}));
    }

    /// @dev Whether what stands behind the batch can still be slashed.
    function _isClaimable(Case memory found) internal view returns (bool) {
        return block.timestamp <= _lastWord(found) + Durations.CLAIM_WINDOW;
    }

    function _markConvicted(BatchId id, uint256 index) private {
        require(!_isConvicted(id, index), IReceiptChallenges.ReceiptChallengesConvictedBefore(id, index));
        _book().convictions[id][index >> 8] |= 1 << (index & 0xff);
    }

    function _isConvicted(BatchId id, uint256 index) internal view returns (bool) {
        return _book().convictions[id][index >> 8] & (1 << (index & 0xff)) != 0;
    }

    /// @dev Ends a batch that nobody can be blamed for.
    function _void(Case memory found, InferenceBatch calldata batch) internal {
        address node = found.state.node();
        _setState(found, found.state.moved(BatchStatus.Voided));
        // As in `_take`.
        _freeCollateral(node, uint128(_collateralOf(found.terms, batch.totalFee)), _lastWord(found));
        emit IReceiptChallenges.BatchVoided(found.id, node);

        if (_potOf(found.terms, batch.totalFee) != 0) FEE_ESCROW.refund(_potIdOf(found.id));
    }
}
