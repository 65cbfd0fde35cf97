// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev What a node does for the network.
enum NodeRole {
    Inference,
    Verifier,
    Data
}

/// @dev Set of roles, one bit per member of {NodeRole}: bit `i` stands for `NodeRole(i)`.
type NodeRoleSet is uint8;

/// @dev All three roles.
NodeRoleSet constant ALL_ROLES = NodeRoleSet.wrap(0x07);

/// @dev How many roles there are.
uint8 constant ROLE_COUNT = 3;

using NodeRoleSets for NodeRoleSet global;

library NodeRoleSets {
    function contains(NodeRoleSet set, NodeRole role) internal pure returns (bool) {
        return NodeRoleSet.unwrap(set) & (1 << uint8(role)) != 0;
    }

    function isEmpty(NodeRoleSet set) internal pure returns (bool) {
        return NodeRoleSet.unwrap(set) == 0;
    }

    function isSubsetOf(NodeRoleSet set, NodeRoleSet other) internal pure returns (bool) {
        return NodeRoleSet.unwrap(set) & ~NodeRoleSet.unwrap(other) == 0;
    }
}
