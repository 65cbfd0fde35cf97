// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Hardware that measures code. The simulated kinds have the same formats under a root of somebody's own: they show
/// nothing, and no registry on Base takes them.
enum MeasurementKind {
    Nitro,
    Tdx,
    NitroSim,
    TdxSim
}

/// @dev Identifier of code that runs in an enclave: the hash of what the hardware measured, and of its kind.
type MeasurementId is bytes32;

using {equals as ==, differs as !=} for MeasurementId global;

function equals(MeasurementId a, MeasurementId b) pure returns (bool) {
    return MeasurementId.unwrap(a) == MeasurementId.unwrap(b);
}

function differs(MeasurementId a, MeasurementId b) pure returns (bool) {
    return MeasurementId.unwrap(a) != MeasurementId.unwrap(b);
}

using MeasurementKinds for MeasurementKind global;

library MeasurementKinds {
    function isSimulated(MeasurementKind kind) internal pure returns (bool) {
        return kind == MeasurementKind.NitroSim || kind == MeasurementKind.TdxSim;
    }
}

library MeasurementIds {
    /// @param registers What the hardware measured. Nitro: PCR0 ‖ PCR1 ‖ PCR2. TDX: MRTD ‖ RTMR0 ‖ RTMR1 ‖ RTMR2 ‖ RTMR3. 48 bytes
    /// each.
    function measurementIdOf(MeasurementKind kind, bytes memory registers) internal pure returns (MeasurementId) {
        return MeasurementId.wrap(keccak256(abi.encode(kind, registers)));
    }
}
