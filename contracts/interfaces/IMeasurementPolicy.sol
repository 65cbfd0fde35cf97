// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MeasurementId, MeasurementKind} from "../types/MeasurementId.sol";
import {ModelId} from "../types/ModelId.sol";

/// @notice What governance is shown of code that it is to trust.
/// @param kind Hardware that measures it.
/// @param registers What the hardware measures; see {MeasurementIds}.
/// @param sourceCommit Commit of the source that the image was built from, left-aligned if it has 20 bytes.
/// @param imageDigest Digest of the image that was built.
/// @param from Unix time in seconds from which it is trusted; not in the past. Zero for this moment.
/// @param until Unix time in seconds from which it is not trusted any more; zero for no end.
/// @param anyModel Whether it may answer for every model; otherwise for those that are allowed one by one.
struct MeasurementApproval {
    MeasurementKind kind;
    bytes registers;
    bytes32 sourceCommit;
    bytes32 imageDigest;
    uint40 from;
    uint40 until;
    bool anyModel;
}

/// @notice From when until when code is trusted.
/// @param from Unix time in seconds from which it is trusted.
/// @param until Unix time in seconds from which it is not trusted any more; the largest there is for no end.
/// @param anyModel As in {MeasurementApproval}.
/// @param revoked Whether its end was set by a revocation.
struct MeasurementTrust {
    uint40 from;
    uint40 until;
    bool anyModel;
    bool revoked;
}

/// @notice From when until when code may answer for a model.
/// @param from Unix time in seconds from which it may; zero if it never was allowed to.
/// @param until Unix time in seconds from which it may not any more; the largest there is for no end.
struct ModelAllowance {
    uint40 from;
    uint40 until;
}

/// @title Which code is trusted in an enclave
/// @notice Governance approves, behind its delay; the guardian revokes, at once. Trust is an interval of time: what was answered
/// while code was trusted stays so when the code is followed by another.
interface IMeasurementPolicy {
    event MeasurementApproved(MeasurementId indexed measurementId, MeasurementApproval approval);

    /// @notice The code will not be trusted from `until` on; it has a successor.
    event MeasurementSunset(MeasurementId indexed measurementId, uint40 until);

    /// @notice The code is not trusted from `since` on, which may be in the past.
    event MeasurementRevoked(MeasurementId indexed measurementId, uint40 since);

    event ModelAllowed(MeasurementId indexed measurementId, ModelId indexed modelId, bool allowed);

    /// @notice Simulated hardware is not trusted on Base.
    error MeasurementPolicySimulated(MeasurementKind kind);

    /// @notice Not what this hardware measures: another length, or the zeros of an enclave in debug mode.
    error MeasurementPolicyNotMeasured(MeasurementKind kind, bytes registers);

    /// @notice The code was approved before; what was said then stands.
    error MeasurementPolicyKnown(MeasurementId measurementId);

    /// @notice The code was never approved.
    error MeasurementPolicyUnknown(MeasurementId measurementId);

    /// @notice Trust would begin in the past.
    error MeasurementPolicyStartsInThePast(uint256 from, uint256 timestamp);

    /// @notice Trust would end before it began, in the past, or later than was said before.
    error MeasurementPolicyBadEnd(uint256 until, uint256 earliest, uint256 latest);

    /// @notice A revocation takes effect now or earlier, and never later than one before it.
    error MeasurementPolicyBadRevocation(uint256 since, uint256 latest);

    /// @notice The code was not trusted at that time.
    error MeasurementPolicyNotTrusted(MeasurementId measurementId, uint256 timestamp, uint256 from, uint256 until);

    /// @notice The code was not allowed to answer for the model at that time.
    error MeasurementPolicyModelNotAllowed(MeasurementId measurementId, ModelId modelId, uint256 timestamp);

    /// @notice The model is allowed, or not allowed, already.
    error MeasurementPolicyModelUnchanged(MeasurementId measurementId, ModelId modelId, bool allowed);

    /// @notice As many measurements were approved as can be told apart.
    error MeasurementPolicyFull(uint256 limit);

    /// @notice Trusts code. Governance only, behind its delay. Once: its trust is one interval for good, so that no approval can
    /// bring back what ended or make anything of the past count. What is to be trusted again, or longer than was said, is built
    /// again, with another measurement.
    function approveMeasurement(MeasurementApproval calldata approval) external returns (MeasurementId measurementId);

    /// @notice Sets when trust ends, for a rotation. Governance only; not in the past, and not later than was said before.
    function sunsetMeasurement(MeasurementId measurementId, uint40 until) external;

    /// @notice Ends trust from `since` on: now, or earlier if the flaw is older. The guardian only, which governance can make
    /// itself. For good; again only with an earlier `since`. Also for code whose trust is over, or has yet to begin.
    /// @dev WARNING: Answers of that time which are not settled yet are void, and their nodes are not paid. A node that had locked
    /// such a request loses the collateral.
    function revokeMeasurement(MeasurementId measurementId, uint40 since) external;

    /// @notice Lets code answer for a model, or not any more, from this block on. Governance only. Without effect while it may
    /// answer for every model.
    /// @dev WARNING: Allowing it again begins a new interval: what was answered in the one before counts no more.
    function allowModel(MeasurementId measurementId, ModelId modelId, bool allowed) external;

    /// @notice All zero for code that was never approved.
    function measurementTrust(MeasurementId measurementId) external view returns (MeasurementTrust memory);

    /// @notice Whether the code may answer for the model now, as far as the model is concerned: if it is trusted at all.
    function isModelAllowed(MeasurementId measurementId, ModelId modelId) external view returns (bool);

    function measurementIdOf(MeasurementKind kind, bytes calldata registers) external pure returns (MeasurementId);
}
