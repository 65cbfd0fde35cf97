// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a contract pays for asking another
contract CallMeter {
    /// @notice The call reverted.
    error CallMeterFailed(address target);

    /// @notice Gas of a call of `target` that changes nothing, with cold storage; reverts if the call does.
    function gasOf(address target, bytes calldata data) external view returns (uint256 gas) {
        bytes memory copy = data;
        gas = gasleft();
        (bool success, ) = target.staticcall(copy);
        gas -= gasleft();
        require(success, CallMeterFailed(target));
    }
}
