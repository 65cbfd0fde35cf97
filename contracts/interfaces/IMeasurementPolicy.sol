// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MeasurementId, MeasurementKind} from "../types/MeasurementId.sol";
import {ModelId} from "../types/ModelId.sol";

/// @notice What governance is shown of code that it is to trust.
/// @param kind Hardware that measures it.
/// @param registers What the hardware measures; see {MeasurementIds}.
/// @param sourceCommit Commit of the source that the image was built from, left-aligned if it has 20 bytes.
/// @param imageDigest Digest of the image that was built.
/// @param from Unix time in seconds from which it is trusted; not in the past.
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

/// @notice From when until when code is trusted; as in {MeasurementApproval}.
struct MeasurementTrust {
    uint40 from;
    uint40 until;
    bool anyModel;
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

    /// @notice Trusts code. Governance only. Never again what was revoked; see the implementation for a second approval.
    function approveMeasurement(MeasurementApproval calldata approval) external returns (MeasurementId measurementId);

    /// @notice Sets when trust ends, for a rotation. Governance only; not in the past, and not later than was said before.
    function sunsetMeasurement(MeasurementId measurementId, uint40 until) external;

    /// @notice Ends trust from `since` on: now, or earlier if the flaw is older. Governance or guardian. For good.
    function revokeMeasurement(MeasurementId measurementId, uint40 since) external;

    /// @notice Lets code answer for a model, or not any more, from this block on. Governance only.
    function allowModel(MeasurementId measurementId, ModelId modelId, bool allowed) external;

    function measurementTrust(MeasurementId measurementId) external view returns (MeasurementTrust memory);

    function isModelAllowed(MeasurementId measurementId, ModelId modelId) external view returns (bool);

    function measurementIdOf(MeasurementKind kind, bytes calldata registers) external pure returns (MeasurementId);
}
