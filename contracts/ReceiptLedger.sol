// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Pausing} from "./governance/Pausing.sol";
import {IEnclaveRegistry} from "./interfaces/IEnclaveRegistry.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {INodeRegistry} from "./interfaces/INodeRegistry.sol";
import {IReceiptChallenges} from "./interfaces/IReceiptChallenges.sol";
import {Demand, IReceiptDemands} from "./interfaces/IReceiptDemands.sol";
import {BatchView, IReceiptLedger} from "./interfaces/IReceiptLedger.sol";
import {BatchBook} from "./ledger/BatchBook.sol";
import {Convicting} from "./ledger/Convicting.sol";
import {ReceiptDisputes} from "./ledger/ReceiptDisputes.sol";
import {BasisPoints} from "./libraries/BasisPoints.sol";
import {Durations} from "./libraries/Durations.sol";
import {ReceiptTree} from "./libraries/ReceiptTree.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {BatchId, BatchIds} from "./types/BatchId.sol";
import {BatchState, BatchStates, BatchStatus} from "./types/BatchState.sol";
import {DirectRequest} from "./types/DirectRequest.sol";
import {InferenceBatch} from "./types/InferenceBatch.sol";
import {InferenceReceipt} from "./types/InferenceReceipt.sol";
import {LedgerTerms} from "./types/LedgerTerms.sol";
import {ModelId} from "./types/ModelId.sol";
import {NodeRole} from "./types/NodeRole.sol";
import {PriceQuote} from "./types/PriceQuote.sol";
import {RequestId} from "./types/RequestId.sol";
import {ShownReceipt} from "./types/ShownReceipt.sol";

/// @title ReceiptLedger
/// @dev From commitment to the end; `contracts/ledger/` has the other parts: what is stored, what convictions take, challenges and
/// demands.
///
/// WHO CAN HURT WHOM
///
/// - Whoever can commit for a node puts its stake at risk: only its key can, and an enclave of its own for itself.
/// - What a node signed can be brought by anyone, but only with the leaves. Without them, the node alone: whoever saw the
///   transaction could else leave them out, and have the node convicted where a model wants them.
/// - A node that commits a batch of another's receipts loses stake for it, and hinders nobody: batches name their node.
/// - A node that stands behind its own batch as another operator pays itself the pot. It gains nothing, and risks both stakes.
/// - A verifier that stands for everything unseen loses its weight with the first batch that is rejected.
///
/// PAUSE
///
/// Only committing and attesting can be paused. What was committed is challenged, answered for and ended as ever.
///
/// WHAT THIS TRUSTS
///
/// - `FeeEscrow` and `Staking`, to hold what they say and to move it as told.
/// - `NodeRegistry`, `ModelRegistry` and `EnclaveRegistry`, to report truthfully, now and of the past. Governance can take a model
///   from an enclave's code and give it back, which voids what was answered in between and before: it must not within a
///   challenge window.
/// - The verifiers that governance routed: one that refuses what is true convicts honest nodes. A route that is closed takes from
///   nodes the means to prove what was demanded: to be announced a challenge window before.
/// - Nothing about nodes, verifiers, challengers and payers.
/// @custom:security-contact security@opengradient.ai
contract ReceiptLedger is IReceiptLedger, Convicting, Pausing {
    /// @notice Most receipts of a batch: proving one of them takes at most twelve siblings.
    uint256 public constant MAX_BATCH = 4_096;

    /// @notice Seconds after which a publisher's wish for leaves applies.
    uint256 public constant POLICY_NOTICE = 1 hours;

    /// @notice Hard caps of the terms: five times the fees as collateral, half of them for verifiers, twice the collateral as quorum.
    uint256 public constant MAX_COLLATERAL_BPS = 50_000;
    uint256 public constant MAX_VERIFIER_BPS = 5_000;
    uint256 public constant MAX_QUORUM_BPS = 20_000;

    /// @notice Code of challenges and demands, which runs on this contract's storage.
    ReceiptDisputes public immutable DISPUTES;
    INodeRegistry public immutable NODE_REGISTRY;
    IModelRegistry public immutable MODEL_REGISTRY;
    IEnclaveRegistry public immutable ENCLAVE_REGISTRY;

    /// @param disputes Knows stake, escrow, models, enclaves and verifiers; this contract takes them from there.
    constructor(
        INodeRegistry nodeRegistry,
        ReceiptDisputes disputes
    ) BatchBook(disputes.STAKING(), disputes.FEE_ESCROW()) {
        DISPUTES = disputes;
        NODE_REGISTRY = nodeRegistry;
        MODEL_REGISTRY = disputes.MODEL_REGISTRY();
        ENCLAVE_REGISTRY = disputes.ENCLAVE_REGISTRY();
    }

    /// @notice Sets up the proxy.
    /// @param authority The access manager.
    /// @param terms First terms.
    function initialize(address authority, LedgerTerms calldata terms) external initializer {
        __AccessManaged_init(authority);
        _setTerms(terms);
    }

    // COMMIT

    /// @inheritdoc IReceiptLedger
    function commitBatch(InferenceBatch calldata batch, bytes calldata signature) external nonReentrant whenNotPaused {
        NODE_REGISTRY.requireActor(batch.node, NodeRole.Inference, msg.sender);
        _commit(batch, signature, false);
    }

    /// @inheritdoc IReceiptLedger
    function commitBatchWithLeaves(
        InferenceBatch calldata batch,
        bytes32[] calldata leaves,
        bytes calldata signature
    ) external nonReentrant whenNotPaused {
        require(leaves.length == batch.count && leaves.length != 0, ReceiptLedgerBadCount(leaves.length, batch.count));
        (bytes32 root, bytes32 dataHash) = ReceiptTree.rootOfLeaves(leaves);
        require(root == batch.root && dataHash == batch.dataHash, ReceiptLedgerOtherLeaves(root, dataHash));
        NODE_REGISTRY.requireRole(batch.node, NodeRole.Inference);
        _commit(batch, signature, true);
    }

    function _commit(InferenceBatch calldata batch, bytes calldata signature, bool hasLeaves) private {
        address node = batch.node;
        _requireSound(batch);
        _requireSigned(batch, signature);
        Case memory made = _caseFor(batch, hasLeaves);
        uint256 skipped = _takeNumbers(batch);
        emit BatchCommitted(made.id, node, batch.signer, batch, skipped, hasLeaves, made.state.deadline());

        uint256 totalFee = batch.totalFee;
        // Collateral of more than the supply is refused by `Staking`; the pot is less than the total, which fits 96 bits.
        _useCollateral(node, uint128(_collateralOf(made.terms, totalFee)), _lastWord(made));
        uint96 pot = uint96(_potOf(made.terms, totalFee));
        if (pot != 0) FEE_ESCROW.lock(_potIdOf(made.id), node, pot);
    }

    function _requireSound(InferenceBatch calldata batch) private view {
        require(batch.count != 0 && batch.count <= MAX_BATCH, ReceiptLedgerBadCount(batch.count, MAX_BATCH));
        require(batch.completedAt <= block.timestamp, ReceiptLedgerFromTheFuture(batch.completedAt, block.timestamp));
        require(batch.totalFee <= type(uint96).max, ReceiptLedgerTotalTooHigh(batch.totalFee, type(uint96).max));
    }

    /// @dev Reverts unless the node, or an enclave of it for itself, stands for the batch.
    function _requireSigned(InferenceBatch memory batch, bytes calldata signature) private view {
        address node = batch.node;
        bytes32 digest = batch.digest(address(this));
        if (Signatures.isSigned(NODE_REGISTRY.signerOf(node), digest, signature)) return;
        require(
            signature.length == 64 &&
                Signatures.isSignedByKey(batch.signer, digest, bytes32(signature[:32]), bytes32(signature[32:])) &&
                ENCLAVE_REGISTRY.enclave(batch.signer).operator == node &&
                // Good for the next 500 billion years.
                ENCLAVE_REGISTRY.isAttestedAt(batch.signer, uint64(block.timestamp)),
            ReceiptLedgerNotSigned(node, batch.signer)
        );
    }

    /// @dev Makes the batch's slot.
    function _caseFor(InferenceBatch calldata batch, bool hasLeaves) private returns (Case memory made) {
        BookStorage storage $ = _book();
        made.id = _idOf(batch);
        require($.states[made.id].status() == BatchStatus.None, ReceiptLedgerKnown(made.id));
        uint8 version = $.termsVersion;
        made.terms = $.terms[version];
        // Windows are 32 bits, timestamps stay below 2^40 for 34,000 years.
        uint40 deadline = uint40(block.timestamp + made.terms.challengeWindow);
        // Not more than `MAX_BATCH`.
        _setState(made, BatchStates.committed(batch.node, deadline, version, uint16(batch.count), hasLeaves));
    }

    /// @dev Uses up the numbers of a batch. Returns how many before them were never used.
    function _takeNumbers(InferenceBatch calldata batch) private returns (uint256 skipped) {
        mapping(address signer => uint64) storage nextSeqs = _book().nextSeqs[batch.node];
        uint256 next = nextSeqs[batch.signer];
        uint256 latest = type(uint64).max - batch.count;
        require(
            batch.firstSeq >= next && batch.firstSeq <= latest,
            ReceiptLedgerSequenceTaken(batch.signer, batch.firstSeq, next, latest)
        );

        nextSeqs[batch.signer] = batch.firstSeq + batch.count;
        return batch.firstSeq - next;
    }

    // ATTEST

    /// @inheritdoc IReceiptLedger
    function attestBatch(
        InferenceBatch calldata batch,
        address verifier,
        uint96 weight
    ) external nonReentrant whenNotPaused {
        NODE_REGISTRY.requireActor(verifier, NodeRole.Verifier, msg.sender);
        Case memory found = _caseOf(batch);
        _requireStatus(found, BatchStatus.Committed);
        _requireInTime(found, found.state.deadline());
        require(verifier != found.state.node(), ReceiptLedgerOwnBatch(found.id, verifier));

        weight = _addWeight(found, batch.totalFee, verifier, weight);
        emit BatchAttested(found.id, verifier, weight);

        _useCollateral(verifier, weight, _lastWord(found));
    }

    /// @dev Returns how much of the weight counts.
    function _addWeight(
        Case memory found,
        uint256 totalFee,
        address verifier,
        uint96 weight
    ) private returns (uint96 counted) {
        BookStorage storage $ = _book();
        Attestation storage attestation = $.attestations[found.id][verifier];
        require(attestation.weight == 0, ReceiptLedgerAttestedBefore(found.id, verifier));
        uint96 before = $.attested[found.id];
        uint256 missing = _quorumOf(found.terms, totalFee) - before;
        // Not more than `weight`.
        counted = uint96(Math.min(weight, missing));
        require(counted != 0, ReceiptLedgerNoWeight(found.id, weight, missing));

        (attestation.from, attestation.weight) = (before, counted);
        $.attested[found.id] = before + counted;
    }

    /// @inheritdoc IReceiptLedger
    function settleAttestation(InferenceBatch calldata batch, address verifier) external nonReentrant {
        Case memory found = _caseOf(batch);
        Attestation memory attestation = _book().attestations[found.id][verifier];
        require(attestation.weight != 0, ReceiptLedgerNotAttested(found.id, verifier));
        BatchStatus status = found.state.status();
        require(status != BatchStatus.Committed, ReceiptLedgerWrongStatus(found.id, status));
        delete _book().attestations[found.id][verifier];

        if (found.state.isRejected()) return _slashVerifier(found, verifier, attestation.weight);
        uint96 share = status == BatchStatus.Final ? _shareOf(found.terms, batch.totalFee, attestation) : 0;
        _freeCollateral(verifier, attestation.weight, _lastWord(found));
        emit AttestationSettled(found.id, verifier, share, 0);

        if (share != 0) FEE_ESCROW.releasePart(_potIdOf(found.id), verifier, share);
    }

    function _slashVerifier(Case memory found, address verifier, uint96 weight) private {
        bool isClaimable = _isClaimable(found);
        emit AttestationSettled(found.id, verifier, 0, isClaimable ? weight : 0);

        _slash(found, verifier, weight, msg.sender, 0, msg.sender);
    }

    /// @dev What a verifier earns: parts of the pot that lie side by side, so that all of them add up to what the whole is worth.
    function _shareOf(
        LedgerTerms memory terms,
        uint256 totalFee,
        Attestation memory attestation
    ) private pure returns (uint96) {
        uint256 end = uint256(attestation.from) + attestation.weight;
        return _earnedBy(terms, totalFee, end) - _earnedBy(terms, totalFee, attestation.from);
    }

    /// @dev What the first `weight` of the quorum earns, rounded down. Not more than the pot, which fits 96 bits.
    function _earnedBy(LedgerTerms memory terms, uint256 totalFee, uint256 weight) private pure returns (uint96) {
        return uint96((_potOf(terms, totalFee) * weight) / _quorumOf(terms, totalFee));
    }

    /// @dev Stake of verifiers that earns the whole pot, in OPG wei. Never zero; see `_setTerms`.
    function _quorumOf(LedgerTerms memory terms, uint256 totalFee) private pure returns (uint256) {
        return BasisPoints.shareDown(_collateralOf(terms, totalFee), terms.quorumBps);
    }

    // END

    /// @inheritdoc IReceiptLedger
    function finalize(InferenceBatch calldata batch) external nonReentrant {
        Case memory found = _caseOf(batch);
        _requireStatus(found, BatchStatus.Committed);
        _requireOver(found, found.state.deadline());
        _requireNoDemands(found);
        address node = found.state.node();
        uint256 totalFee = batch.totalFee;

        _setState(found, found.state.moved(BatchStatus.Final));
        // Stake that `Staking` has locked, which fits 90 bits.
        _freeCollateral(node, uint128(_collateralOf(found.terms, totalFee)), _lastWord(found));
        emit BatchFinalized(found.id, node);

        uint256 earned = _earnedBy(found.terms, totalFee, _book().attested[found.id]);
        // Parts of the pot, which fits 96 bits.
        uint96 rest = uint96(_potOf(found.terms, totalFee) - earned);
        if (rest != 0) FEE_ESCROW.refundPart(_potIdOf(found.id), rest);
    }

    /// @inheritdoc IReceiptLedger
    function closeRejected(InferenceBatch calldata batch) external nonReentrant {
        Case memory found = _caseOf(batch);
        _requireStatus(found, BatchStatus.Rejected);
        _requireOver(found, _lastWord(found));
        _requireNoDemands(found);
        Verdict memory verdict = _book().verdicts[found.id];
        address node = found.state.node();
        bool isCondemned = verdict.condemner != address(0) && _isClaimable(found);

        _setState(found, found.state.moved(BatchStatus.Closed));
        delete _book().verdicts[found.id];
        if (!isCondemned) _freeCollateral(node, verdict.remaining, _lastWord(found));
        emit BatchClosed(found.id, node, isCondemned ? 0 : verdict.remaining);

        if (isCondemned) _slash(found, node, verdict.remaining, verdict.condemner, 0, verdict.condemner);
    }

    function _requireNoDemands(Case memory found) private pure {
        uint256 open = found.state.openDemands();
        require(open == 0, ReceiptLedgerDemandsOpen(found.id, open));
    }

    // DISPUTE

    /// @inheritdoc IReceiptChallenges
    function challengeSignature(InferenceBatch calldata, ShownReceipt calldata) external {
        _dispute();
    }

    /// @inheritdoc IReceiptChallenges
    function challengeProof(InferenceBatch calldata, ShownReceipt calldata, bytes calldata, bytes calldata) external {
        _dispute();
    }

    /// @inheritdoc IReceiptChallenges
    function challengeEquivocation(
        InferenceBatch calldata,
        ShownReceipt calldata,
        InferenceReceipt calldata,
        bytes calldata
    ) external {
        _dispute();
    }

    /// @inheritdoc IReceiptChallenges
    function challengeFee(
        InferenceBatch calldata,
        ShownReceipt calldata,
        DirectRequest calldata,
        PriceQuote calldata
    ) external {
        _dispute();
    }

    /// @inheritdoc IReceiptChallenges
    function challengeTotal(InferenceBatch calldata, ShownReceipt[] calldata) external {
        _dispute();
    }

    /// @inheritdoc IReceiptChallenges
    function challengePolicy(InferenceBatch calldata, ShownReceipt calldata) external {
        _dispute();
    }

    /// @inheritdoc IReceiptDemands
    function demand(InferenceBatch calldata, uint256) external {
        _dispute();
    }

    /// @inheritdoc IReceiptDemands
    function reveal(
        InferenceBatch calldata,
        ShownReceipt calldata,
        DirectRequest calldata,
        PriceQuote calldata
    ) external {
        _dispute();
    }

    /// @inheritdoc IReceiptDemands
    function expireDemand(InferenceBatch calldata, uint256) external {
        _dispute();
    }

    /// @inheritdoc IReceiptDemands
    function demandProof(InferenceBatch calldata, ShownReceipt calldata) external {
        _dispute();
    }

    /// @inheritdoc IReceiptDemands
    function proveReceipt(InferenceBatch calldata, ShownReceipt calldata, bytes calldata, bytes calldata) external {
        _dispute();
    }

    /// @inheritdoc IReceiptDemands
    function expireProof(InferenceBatch calldata, ShownReceipt calldata) external {
        _dispute();
    }

    function _dispute() private {
        Address.functionDelegateCall(address(DISPUTES), msg.data);
    }

    // GOVERN

    /// @inheritdoc IReceiptLedger
    function setTerms(LedgerTerms calldata terms) external restricted {
        _setTerms(terms);
    }

    function _setTerms(LedgerTerms memory terms) private {
        require(_areTimely(terms) && _areFair(terms), ReceiptLedgerBadTerms(terms));
        BookStorage storage $ = _book();
        uint8 version = $.termsVersion;
        require(version != type(uint8).max, ReceiptLedgerTermsFull(type(uint8).max));

        $.terms[++version] = terms;
        $.termsVersion = version;
        emit LedgerTermsChanged(version, terms);
    }

    /// @dev What is shown with the last demand can still be judged, and the last word comes within `Durations.MAX_DISPUTE`.
    function _areTimely(LedgerTerms memory terms) private pure returns (bool) {
        return
            terms.challengeWindow <= Durations.MAX_CHALLENGE_WINDOW &&
            terms.responseWindow != 0 &&
            uint256(terms.responseWindow) * 3 <= terms.challengeWindow &&
            terms.proveWindow != 0 &&
            terms.proveWindow <= Durations.MAX_PROVE_WINDOW;
    }

    /// @dev A slash is more than the harm, the quorum of the smallest batch is not zero, and demands are not free.
    function _areFair(LedgerTerms memory terms) private pure returns (bool) {
        return
            terms.collateralBps >= BasisPoints.ONE &&
            terms.collateralBps <= MAX_COLLATERAL_BPS &&
            terms.verifierBps <= MAX_VERIFIER_BPS &&
            terms.quorumBps <= MAX_QUORUM_BPS &&
            BasisPoints.shareDown(terms.minCollateral, terms.quorumBps) != 0 &&
            terms.demandBond != 0 &&
            terms.proofBond != 0;
    }

    /// @inheritdoc IReceiptLedger
    function setDataPolicy(ModelId modelId, bool needsLeaves) external {
        address publisher = MODEL_REGISTRY.publisherOf(modelId);
        require(msg.sender == publisher, ReceiptLedgerNotPublisher(modelId, msg.sender, publisher));
        BookStorage storage $ = _book();
        require(($.leavesNeededSince[modelId] != 0) != needsLeaves, ReceiptLedgerPolicyUnchanged(modelId, needsLeaves));

        // Timestamps stay below 2^40 for 34,000 years.
        uint40 since = needsLeaves ? uint40(block.timestamp + POLICY_NOTICE) : 0;
        $.leavesNeededSince[modelId] = since;
        emit DataPolicyChanged(modelId, since);
    }

    // SHOW

    /// @inheritdoc IReceiptLedger
    function verifyReceipt(
        InferenceReceipt calldata receipt,
        bytes calldata signature,
        bytes32 head,
        uint256 index,
        bytes32[] calldata path
    ) external view {
        bytes32 leaf = ReceiptTree.leafOf(receipt, signature);
        (BatchId id, BatchState state) = _settledAt(head, leaf, index, path);
        require(
            ReceiptTree.isPlace(index, path.length, state.count()) && receipt.node == state.node(),
            ReceiptLedgerNotInBatch(id, index)
        );
        require(state.status() == BatchStatus.Final, ReceiptLedgerWrongStatus(id, state.status()));
    }

    /// @inheritdoc IReceiptLedger
    function isSettled(
        bytes32 head,
        bytes32 leaf,
        uint256 index,
        bytes32[] calldata path
    ) external view returns (bool) {
        (, BatchState state) = _settledAt(head, leaf, index, path);
        return state.status() == BatchStatus.Final && ReceiptTree.isPlace(index, path.length, state.count());
    }

    /// @dev The batch with this head and the root that the path leads to.
    function _settledAt(
        bytes32 head,
        bytes32 leaf,
        uint256 index,
        bytes32[] calldata path
    ) private view returns (BatchId id, BatchState state) {
        id = BatchIds.batchIdOf(ReceiptTree.rootOf(leaf, index, path), head);
        state = _book().states[id];
    }

    // READ

    /// @inheritdoc IReceiptLedger
    function batchOf(BatchId batchId) external view returns (BatchView memory) {
        BatchState state = _book().states[batchId];
        return
            BatchView({
                status: state.status(),
                node: state.node(),
                // As wide as in the packed word.
                deadline: uint40(state.deadline()),
                termsVersion: state.termsVersion(),
                count: uint16(state.count()),
                hasLeaves: state.hasLeaves(),
                openDemands: uint16(state.openDemands()),
                attested: _book().attested[batchId]
            });
    }

    /// @inheritdoc IReceiptLedger
    function nextSeqOf(address node, address signer) external view returns (uint64) {
        return _book().nextSeqs[node][signer];
    }

    /// @inheritdoc IReceiptLedger
    function attestationOf(BatchId batchId, address verifier) external view returns (uint96 weight) {
        return _book().attestations[batchId][verifier].weight;
    }

    /// @inheritdoc IReceiptLedger
    function collateralFor(uint128 totalFee) external view returns (uint256) {
        return _collateralOf(_book().terms[_book().termsVersion], totalFee);
    }

    /// @inheritdoc IReceiptLedger
    function leavesNeededSince(ModelId modelId) external view returns (uint40) {
        return _book().leavesNeededSince[modelId];
    }

    /// @inheritdoc IReceiptLedger
    function currentTerms() external view returns (uint8 version, LedgerTerms memory terms) {
        version = _book().termsVersion;
        terms = _book().terms[version];
    }

    /// @inheritdoc IReceiptLedger
    function termsOf(uint8 version) external view returns (LedgerTerms memory) {
        return _book().terms[version];
    }

    /// @inheritdoc IReceiptChallenges
    function isConvicted(BatchId batchId, uint256 index) external view returns (bool) {
        return _isConvicted(batchId, index);
    }

    /// @inheritdoc IReceiptDemands
    function demandOf(BatchId batchId, uint256 index) external view returns (Demand memory) {
        return _book().demands[batchId][index];
    }

    /// @inheritdoc IReceiptDemands
    function proofDemandOf(BatchId batchId, uint256 index) external view returns (Demand memory) {
        return _book().proofDemands[batchId][index];
    }

    // HASH

    /// @inheritdoc IReceiptLedger
    function batchIdOf(InferenceBatch calldata batch) external pure returns (BatchId) {
        return _idOf(batch);
    }

    /// @inheritdoc IReceiptLedger
    function headOf(InferenceBatch calldata batch) external pure returns (bytes32) {
        return batch.head();
    }

    /// @inheritdoc IReceiptLedger
    function leafOf(InferenceReceipt calldata receipt, bytes calldata signature) external pure returns (bytes32) {
        return ReceiptTree.leafOf(receipt, signature);
    }

    /// @inheritdoc IReceiptLedger
    function requestIdOf(DirectRequest calldata request) external view returns (RequestId) {
        return request.requestIdOf(address(this));
    }

    /// @inheritdoc IReceiptLedger
    function batchDigestOf(InferenceBatch calldata batch) external view returns (bytes32) {
        return batch.digest(address(this));
    }

    /// @inheritdoc IReceiptLedger
    function receiptDigestOf(InferenceReceipt calldata receipt) external view returns (bytes32) {
        return receipt.digest(address(this));
    }
}
