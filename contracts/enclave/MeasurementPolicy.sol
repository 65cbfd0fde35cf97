// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Governed} from "../governance/Governed.sol";
import {
    IMeasurementPolicy,
    MeasurementApproval,
    MeasurementTrust,
    ModelAllowance
} from "../interfaces/IMeasurementPolicy.sol";
import {MeasurementId, MeasurementIds, MeasurementKind} from "../types/MeasurementId.sol";
import {ModelId} from "../types/ModelId.sol";

/// @title MeasurementPolicy
/// @notice The part of `EnclaveRegistry` that knows which code is trusted.
/// @dev ONE SLOT PER MEASUREMENT
///
/// Measurements are counted, from 1, and keys remember the number of theirs: it fits into a key's slot, so that a receipt takes
/// two reads, of its key and of that key's code, and a third one where models are allowed one by one.
///
/// TRUST IS ONE INTERVAL
///
/// It is written once and only ever ends sooner. So is the time for which a key counts, in the contract above: what did not
/// count at some time never counts for it later.
abstract contract MeasurementPolicy is IMeasurementPolicy, Governed {
    using SafeCast for uint256;

    /// @custom:storage-location erc7201:opengradient.storage.MeasurementPolicy
    struct PolicyStorage {
        mapping(MeasurementId measurementId => uint16) numbers; // zero: never approved
        mapping(uint16 number => MeasurementId) measurementIds;
        mapping(uint16 number => MeasurementTrust) trusts;
        mapping(uint16 number => mapping(ModelId modelId => ModelAllowance)) allowances;
        uint16 count;
    }

    /// @dev Where nothing but real hardware counts.
    uint256 internal constant BASE_CHAIN_ID = 8453;

    uint40 private constant NO_END = type(uint40).max;

    bytes32 private constant STORAGE_SLOT = bytes32(erc7201("opengradient.storage.MeasurementPolicy"));

    // APPROVE

    /// @inheritdoc IMeasurementPolicy
    function approveMeasurement(
        MeasurementApproval calldata approval
    ) external restricted returns (MeasurementId measurementId) {
        _requireAllowedHere(approval.kind);
        require(
            MeasurementIds.isMeasured(approval.kind, approval.registers),
            MeasurementPolicyNotMeasured(approval.kind, approval.registers)
        );
        uint40 from = _startOf(approval.from);
        uint40 until = approval.until == 0 ? NO_END : approval.until;
        require(until > from, MeasurementPolicyBadEnd(until, uint256(from) + 1, NO_END));
        measurementId = MeasurementIds.measurementIdOf(approval.kind, approval.registers);

        MeasurementTrust storage trust = _add(measurementId);
        (trust.from, trust.until, trust.anyModel) = (from, until, approval.anyModel);
        emit MeasurementApproved(measurementId, approval);
    }

    /// @dev The simulated kinds show nothing: where there is real money, they count for nothing.
    function _requireAllowedHere(MeasurementKind kind) internal view {
        require(!kind.isSimulated() || block.chainid != BASE_CHAIN_ID, MeasurementPolicySimulated(kind));
    }

    function _startOf(uint40 wanted) private view returns (uint40) {
        uint40 timestamp = block.timestamp.toUint40();
        if (wanted == 0) return timestamp;
        require(wanted >= timestamp, MeasurementPolicyStartsInThePast(wanted, timestamp));
        return wanted;
    }

    /// @dev Gives a measurement its number.
    function _add(MeasurementId measurementId) private returns (MeasurementTrust storage) {
        PolicyStorage storage $ = _policyStorage();
        require($.numbers[measurementId] == 0, MeasurementPolicyKnown(measurementId));
        require($.count != type(uint16).max, MeasurementPolicyFull(type(uint16).max));
        uint16 number = ++$.count;
        $.numbers[measurementId] = number;
        $.measurementIds[number] = measurementId;
        return $.trusts[number];
    }

    /// @inheritdoc IMeasurementPolicy
    function allowModel(MeasurementId measurementId, ModelId modelId, bool allowed) external restricted {
        ModelAllowance storage allowance = _policyStorage().allowances[_numberOf(measurementId)][modelId];
        uint40 timestamp = block.timestamp.toUint40();
        require(
            (timestamp < allowance.until) != allowed,
            MeasurementPolicyModelUnchanged(measurementId, modelId, allowed)
        );

        if (allowed) (allowance.from, allowance.until) = (timestamp, NO_END);
        else allowance.until = timestamp;
        emit ModelAllowed(measurementId, modelId, allowed);
    }

    // END

    /// @inheritdoc IMeasurementPolicy
    function sunsetMeasurement(MeasurementId measurementId, uint40 until) external restricted {
        MeasurementTrust storage trust = _policyStorage().trusts[_numberOf(measurementId)];
        require(
            until >= block.timestamp && until <= trust.until,
            MeasurementPolicyBadEnd(until, block.timestamp, trust.until)
        );

        trust.until = until;
        emit MeasurementSunset(measurementId, until);
    }

    /// @inheritdoc IMeasurementPolicy
    function revokeMeasurement(MeasurementId measurementId, uint40 since) external restricted {
        MeasurementTrust storage trust = _policyStorage().trusts[_numberOf(measurementId)];
        require(since <= block.timestamp, MeasurementPolicyBadRevocation(since, block.timestamp));
        require(!trust.revoked || since < trust.until, MeasurementPolicyBadRevocation(since, trust.until));

        // What was over before stays over.
        if (since < trust.until) trust.until = since;
        trust.revoked = true;
        emit MeasurementRevoked(measurementId, since);
    }

    // JUDGE

    /// @dev Number of code that is trusted at this moment; reverts with the reason for any other.
    function _requireTrustedNow(MeasurementId measurementId) internal view returns (uint16 number) {
        number = _numberOf(measurementId);
        MeasurementTrust storage trust = _policyStorage().trusts[number];
        if (!_isTrusted(number, block.timestamp)) _refuse(number, trust, block.timestamp);
    }

    /// @dev Reverts with the reason unless the code was trusted at `timestamp`, and could answer for the model.
    function _requireTrusted(uint16 number, ModelId modelId, uint256 timestamp) internal view {
        MeasurementTrust storage trust = _policyStorage().trusts[number];
        if (trust.from > timestamp || timestamp >= trust.until) _refuse(number, trust, timestamp);
        if (trust.anyModel) return;
        ModelAllowance storage allowance = _policyStorage().allowances[number][modelId];
        if (allowance.from <= timestamp && timestamp < allowance.until) return;
        // Not a `require`: it would read the measurement's identifier in any case.
        revert MeasurementPolicyModelNotAllowed(_measurementIdOf(number), modelId, timestamp);
    }

    function _isTrusted(uint16 number, uint256 timestamp) internal view returns (bool) {
        MeasurementTrust storage trust = _policyStorage().trusts[number];
        return trust.from <= timestamp && timestamp < trust.until;
    }

    function _refuse(uint16 number, MeasurementTrust storage trust, uint256 timestamp) private view {
        revert MeasurementPolicyNotTrusted(_measurementIdOf(number), timestamp, trust.from, trust.until);
    }

    // READ

    /// @inheritdoc IMeasurementPolicy
    function measurementTrust(MeasurementId measurementId) external view returns (MeasurementTrust memory) {
        // Number zero has none.
        return _policyStorage().trusts[_policyStorage().numbers[measurementId]];
    }

    /// @inheritdoc IMeasurementPolicy
    function isModelAllowed(MeasurementId measurementId, ModelId modelId) external view returns (bool) {
        PolicyStorage storage $ = _policyStorage();
        uint16 number = $.numbers[measurementId];
        return $.trusts[number].anyModel || block.timestamp < $.allowances[number][modelId].until;
    }

    /// @inheritdoc IMeasurementPolicy
    function measurementIdOf(MeasurementKind kind, bytes calldata registers) external pure returns (MeasurementId) {
        return MeasurementIds.measurementIdOf(kind, registers);
    }

    function _measurementIdOf(uint16 number) internal view returns (MeasurementId) {
        return _policyStorage().measurementIds[number];
    }

    function _numberOf(MeasurementId measurementId) private view returns (uint16 number) {
        number = _policyStorage().numbers[measurementId];
        require(number != 0, MeasurementPolicyUnknown(measurementId));
    }

    function _policyStorage() private pure returns (PolicyStorage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
