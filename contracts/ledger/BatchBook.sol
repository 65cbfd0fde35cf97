// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IFeeEscrow} from "../interfaces/IFeeEscrow.sol";
import {IReceiptLedger} from "../interfaces/IReceiptLedger.sol";
import {Demand} from "../interfaces/IReceiptDemands.sol";
import {IStaking} from "../interfaces/IStaking.sol";
import {BasisPoints} from "../libraries/BasisPoints.sol";
import {ReceiptTree} from "../libraries/ReceiptTree.sol";
import {CollateralAllotments} from "../staking/CollateralAllotments.sol";
import {BatchId} from "../types/BatchId.sol";
import {BatchState, BatchStatus} from "../types/BatchState.sol";
import {InferenceBatch} from "../types/InferenceBatch.sol";
import {LedgerTerms} from "../types/LedgerTerms.sol";
import {ModelId} from "../types/ModelId.sol";
import {RequestId} from "../types/RequestId.sol";
import {ShownReceipt} from "../types/ShownReceipt.sol";

/// @title BatchBook
/// @dev The part of the ledger that knows where each batch stands, and what stands behind it.
///
/// ONE SLOT PER BATCH
///
/// A batch's members are never stored: their hash is its id, and every call brings them along. One more slot remembers up to
/// which number a key's receipts of a node were committed. All others are written only if somebody attests, demands or convicts.
///
/// TIMES
///
///     commit ──────────────────────── deadline ───────── last word ──── + CLAIM_WINDOW
///      │ challenge, attest, demandProof  │ proveReceipt      │ convict no more
///      │ demand … 2 response windows ────│                   │ slash for what expired ─│
///
/// All of them follow from the deadline and the terms. The last word is at most `Durations.MAX_DISPUTE` after the commitment; the
/// node's allotment lasts a claim window longer.
abstract contract BatchBook is CollateralAllotments {
    /// @dev What a rejection left.
    struct Verdict {
        uint96 remaining; // OPG in wei of the collateral that were not slashed yet
        address condemner; // 160 bits: who is to be rewarded for what no payer is compensated with; zero: the node keeps it
    }

    /// @dev A verifier's word. Its share of the pot is that of the part `from … from + weight` of the quorum.
    struct Attestation {
        uint96 from; // OPG in wei of others that came before
        uint96 weight; // OPG in wei
    }

    /// @dev How far a challenger counted a batch's fees.
    struct FeeCount {
        uint32 next; // first place that was not counted
        uint160 sum; // OPG in wei: at most 4,096 fees of 128 bits
    }

    /// @custom:storage-location erc7201:opengradient.storage.BatchBook
    struct BookStorage {
        mapping(BatchId batchId => BatchState) states;
        mapping(address node => mapping(address signer => uint64)) nextSeqs;
        mapping(BatchId batchId => Verdict) verdicts;
        mapping(BatchId batchId => mapping(uint256 word => uint256)) convictions; // a bit for each receipt
        mapping(BatchId batchId => uint96) attested; // OPG in wei
        mapping(BatchId batchId => mapping(address verifier => Attestation)) attestations;
        mapping(BatchId batchId => mapping(address challenger => FeeCount)) feeCounts;
        mapping(BatchId batchId => mapping(uint256 index => Demand)) demands;
        mapping(BatchId batchId => mapping(uint256 index => Demand)) proofDemands;
        mapping(ModelId modelId => uint40) leavesNeededSince; // Unix time in seconds; zero: never
        mapping(uint8 version => LedgerTerms) terms;
        uint8 termsVersion; // of the current terms, from 1
    }

    /// @dev A batch that a call is about.
    struct Case {
        BatchId id;
        BatchState state;
        LedgerTerms terms;
    }

    bytes32 private constant STORAGE_SLOT = bytes32(erc7201("opengradient.storage.BatchBook"));

    /// @notice Where pots and bonds are.
    IFeeEscrow public immutable FEE_ESCROW;

    constructor(IStaking staking, IFeeEscrow escrow) CollateralAllotments(staking) {
        FEE_ESCROW = escrow;
    }

    // FIND

    /// @dev The batch with these members; reverts if it was not committed.
    function _caseOf(InferenceBatch calldata batch) internal view returns (Case memory found) {
        BookStorage storage $ = _book();
        found.id = _idOf(batch);
        found.state = $.states[found.id];
        require(found.state.status() != BatchStatus.None, IReceiptLedger.ReceiptLedgerUnknown(found.id));
        found.terms = $.terms[found.state.termsVersion()];
    }

    function _idOf(InferenceBatch memory batch) internal pure returns (BatchId) {
        return batch.id();
    }

    function _setState(Case memory found, BatchState state) internal {
        found.state = state;
        _book().states[found.id] = state;
    }

    // CHECK

    function _requireStatus(Case memory found, BatchStatus status) internal pure {
        BatchStatus actual = found.state.status();
        require(actual == status, IReceiptLedger.ReceiptLedgerWrongStatus(found.id, actual));
    }

    /// @dev Reverts unless what is wrong with a batch can be shown: of a committed one until its deadline, of a rejected one until
    /// the last word on it.
    function _requireOpen(Case memory found) internal view {
        if (found.state.status() == BatchStatus.Rejected) return _requireInTime(found, _lastWord(found));
        _requireStatus(found, BatchStatus.Committed);
        _requireInTime(found, found.state.deadline());
    }

    function _requireInTime(Case memory found, uint256 deadline) internal view {
        require(block.timestamp <= deadline, IReceiptLedger.ReceiptLedgerTooLate(found.id, block.timestamp, deadline));
    }

    function _requireOver(Case memory found, uint256 deadline) internal view {
        require(block.timestamp > deadline, IReceiptLedger.ReceiptLedgerTooEarly(found.id, block.timestamp, deadline));
    }

    /// @dev Reverts unless the receipt is in the batch, at the place that it is said to be at.
    function _requireIncluded(Case memory found, bytes32 root, ShownReceipt calldata shown) internal pure {
        uint256 index = shown.index;
        require(
            ReceiptTree.isPlace(index, shown.path.length, found.state.count()) &&
                ReceiptTree.rootOf(ReceiptTree.leafOf(shown.receipt, shown.signature), index, shown.path) == root,
            IReceiptLedger.ReceiptLedgerNotInBatch(found.id, index)
        );
    }

    // COUNT

    /// @dev Unix time in seconds of the last moment in which a demand for a proof can be answered. Nothing waits longer.
    function _lastWord(Case memory found) internal pure returns (uint256) {
        return found.state.deadline() + found.terms.proveWindow;
    }

    /// @dev Stake behind a batch, in OPG wei. The total of a batch that was committed fits 96 bits, so nothing overflows.
    function _collateralOf(LedgerTerms memory terms, uint256 totalFee) internal pure returns (uint256) {
        return terms.minCollateral + BasisPoints.shareDown(totalFee, terms.collateralBps);
    }

    /// @dev What verifiers can earn with a batch, in OPG wei.
    function _potOf(LedgerTerms memory terms, uint256 totalFee) internal pure returns (uint256) {
        return BasisPoints.shareDown(totalFee, terms.verifierBps);
    }

    /// @dev Pots are locks in `FeeEscrow`, of this contract's and under the batch's id.
    function _potIdOf(BatchId id) internal pure returns (RequestId) {
        return RequestId.wrap(BatchId.unwrap(id));
    }

    function _book() internal pure returns (BookStorage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
