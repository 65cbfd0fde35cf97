// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Calls to code nobody vouches for
library BoundedCall {
    /// @dev Return data copied at most, in bytes: a callee that returns megabytes must not make its caller pay for them.
    uint256 internal constant MAX_RETURN_BYTES = 4096;

    /// @dev Kept back for what follows the call: bookkeeping of a failure and its event.
    uint256 internal constant RESERVE = 60_000;

    /// @dev The caller did not bring enough gas to give the callee its share.
    error BoundedCallInsufficientGas(uint256 available, uint256 required);

    /// @dev Calls `target` with exactly `gasLimit` gas and never reverts because of what it does.
    ///
    /// EIP-150 passes on at most 63/64 of what is left, silently. Without the check a caller could bring just enough gas
    /// for the callee to run out and be recorded as failed, while everything around it succeeds.
    function tryCall(
        address target,
        uint256 gasLimit,
        bytes memory data
    ) internal returns (bool success, bytes memory returned) {
        uint256 required = (gasLimit * 64) / 63 + RESERVE;
        require(gasleft() >= required, BoundedCallInsufficientGas(gasleft(), required));

        assembly ("memory-safe") {
            // No output area: return data is copied below, up to the cap.
            success := call(gasLimit, target, 0, add(data, 0x20), mload(data), 0, 0)
            let size := returndatasize()
            if gt(size, MAX_RETURN_BYTES) {
                size := MAX_RETURN_BYTES
            }
            returned := mload(0x40)
            mstore(returned, size)
            returndatacopy(add(returned, 0x20), 0, size)
            // Next free word, rounded up to 32 bytes.
            mstore(0x40, and(add(add(returned, size), 0x3f), not(0x1f)))
        }
    }

    /// @dev Asks `target` with exactly `gasLimit` gas for one word, under the same condition. An answer shorter than a
    /// word, as of an address without code, is no success; of a longer one the first word counts and nothing else is
    /// copied.
    function tryStaticCall(
        address target,
        uint256 gasLimit,
        bytes memory data
    ) internal view returns (bool success, uint256 word) {
        uint256 required = (gasLimit * 64) / 63 + RESERVE;
        require(gasleft() >= required, BoundedCallInsufficientGas(gasleft(), required));

        assembly ("memory-safe") {
            // The answer goes to scratch space, 32 bytes of it.
            success := staticcall(gasLimit, target, add(data, 0x20), mload(data), 0, 0x20)
            success := and(success, gt(returndatasize(), 0x1f))
            word := mload(0)
        }
    }
}
