// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {NodeRole, NodeRoleSet} from "../types/NodeRole.sol";

/// @notice What an operator says of its node.
/// @param roles What the node does.
/// @param signer Hot key that the node's software acts with; the operator's own key can stay offline.
/// @param endpoint URL under which the node is reached; at most `MAX_ENDPOINT_BYTES` bytes, may be empty.
struct NodeRegistration {
    NodeRoleSet roles;
    address signer;
    string endpoint;
}

/// @title Node operators
interface INodeRegistry {
    /// @notice An operator registered its node.
    event NodeRegistered(address indexed operator, NodeRoleSet roles, address indexed signer, string endpoint);

    /// @notice An operator changed what it says of its node.
    event NodeUpdated(address indexed operator, NodeRoleSet roles, address indexed signer, string endpoint);

    /// @notice An operator left. Its stake stays in `Staking` until it withdraws it.
    event NodeExited(address indexed operator);

    /// @notice A role takes another stake from now on.
    event MinimumStakeChanged(NodeRole indexed role, uint128 minimumStake);

    /// @notice The operator is registered already.
    error NodeRegistryAlreadyRegistered(address operator);

    /// @notice The operator is not registered.
    error NodeRegistryNotRegistered(address operator);

    /// @notice No role, or one that does not exist.
    error NodeRegistryBadRoles(NodeRoleSet roles);

    /// @notice The node needs a key to act with.
    error NodeRegistryNoSigner();

    /// @notice The endpoint is too long.
    error NodeRegistryEndpointTooLong(uint256 length, uint256 limit);

    /// @notice The operator has less own stake than its roles take.
    error NodeRegistryStakeTooLow(address operator, uint256 stake, uint256 minimum);

    /// @notice The operator is not registered for this role.
    error NodeRegistryRoleMissing(address operator, NodeRole role);

    /// @notice The caller is neither the operator nor its signer.
    error NodeRegistryNotSigner(address operator, address caller);

    /// @notice Registers the caller's node, staking `stakeAmount` OPG on the way. For a stake, the caller must have approved
    /// `Staking`.
    function register(NodeRegistration calldata registration, uint256 stakeAmount) external;

    /// @notice Replaces what the caller says of its node. It needs the stake that the roles take by now.
    function update(NodeRegistration calldata registration) external;

    /// @notice Ends the caller's registration. Obligations taken on before still stand.
    function exit() external;

    /// @notice Sets the own stake that a role takes, in OPG wei. Governance only; registered nodes stay.
    function setMinimumStake(NodeRole role, uint128 minimumStake) external;

    /// @notice What the operator said of its node; reverts if it is not registered.
    function node(address operator) external view returns (NodeRegistration memory);

    /// @notice Key that the operator's node acts with; reverts if the operator is not registered.
    function signerOf(address operator) external view returns (address);

    /// @notice Whether the operator is registered for a role.
    function hasRole(address operator, NodeRole role) external view returns (bool);

    /// @notice Reverts unless the operator is registered for `role` and `caller` may act for it: as operator or as signer.
    function requireActor(address operator, NodeRole role, address caller) external view;

    /// @notice Reverts unless the operator is registered for a role.
    function requireRole(address operator, NodeRole role) external view;

    /// @notice Own stake that a role takes, in OPG wei.
    function minimumStake(NodeRole role) external view returns (uint128);

    /// @notice Own stake that a node with these roles takes: the most that one of them does, in OPG wei.
    function minimumStakeOf(NodeRoleSet roles) external view returns (uint256);
}
