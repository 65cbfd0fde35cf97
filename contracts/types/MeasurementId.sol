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

using {isSimulated} for MeasurementKind global;

function isSimulated(MeasurementKind kind) pure returns (bool) {
    return kind == MeasurementKind.NitroSim || kind == MeasurementKind.TdxSim;
}

library MeasurementIds {
    uint256 private constant REGISTER_BYTES = 48;
    uint256 private constant NITRO_REGISTERS = 3;
    uint256 private constant TDX_REGISTERS = 5;

    /// @param registers What the hardware measured. Nitro: PCR0 ‖ PCR1 ‖ PCR2. TDX: MRTD ‖ RTMR0 ‖ RTMR1 ‖ RTMR2 ‖ RTMR3. 48 bytes
    /// each.
    function measurementIdOf(MeasurementKind kind, bytes memory registers) internal pure returns (MeasurementId) {
        return MeasurementId.wrap(keccak256(abi.encode(kind, registers)));
    }

    /// @dev Whether `registers` have the length that the hardware's have, and say that code was measured. Nitro in debug mode
    /// reports zeros, for any of the three. A TDX's RTMRs are zero until they are extended, which is for the code to do; its MRTD
    /// never is.
    function isMeasured(MeasurementKind kind, bytes memory registers) internal pure returns (bool) {
        bool isNitro = kind == MeasurementKind.Nitro || kind == MeasurementKind.NitroSim;
        uint256 count = isNitro ? NITRO_REGISTERS : TDX_REGISTERS;
        if (registers.length != count * REGISTER_BYTES) return false;
        uint256 measured = isNitro ? NITRO_REGISTERS : 1;
        for (uint256 i = 0; i < measured; ++i) {
            if (_isZero(registers, i * REGISTER_BYTES)) return false;
        }
        return true;
    }

    /// @dev Whether the register that starts at `offset` is zero. It ends inside `registers`.
    function _isZero(bytes memory registers, uint256 offset) private pure returns (bool isZero) {
        assembly ("memory-safe") {
            let start := add(add(registers, 0x20), offset)
            // 48 bytes: two words that overlap.
            isZero := iszero(or(mload(start), mload(add(start, 0x10))))
        }
    }
}
