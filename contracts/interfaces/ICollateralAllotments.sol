// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Stake that a contract holds behind nodes' obligations
/// @notice What an obligation frees stays with the contract for the next one, until the node takes it back: a busy node's
/// stake moves once, not with every obligation.
interface ICollateralAllotments {
    /// @notice The node has less collateral free than it asked for.
    error CollateralAllotmentsInUse(address node, uint256 free, uint256 needed);

    /// @notice Gives free collateral of the caller back to its stake, so that it can be unstaked.
    function releaseCollateral(uint256 amount) external;

    /// @notice How much of the node's stake that is locked for this contract stands behind nothing, in OPG wei.
    function freeCollateralOf(address node) external view returns (uint256);
}
