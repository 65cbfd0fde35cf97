// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Governed} from "./governance/Governed.sol";
import {INodeRegistry, NodeRegistration} from "./interfaces/INodeRegistry.sol";
import {IStaking} from "./interfaces/IStaking.sol";
import {ALL_ROLES, NodeRole, NodeRoleSet, ROLE_COUNT} from "./types/NodeRole.sol";

/// @title NodeRegistry
/// @dev Earnings belong to the operator's account in `FeeEscrow`, which also knows where to pay them out.
///
/// WHAT THIS TRUSTS
///
/// - `Staking`, to take stake from the operator it is told and to report it truthfully.
/// @custom:security-contact security@opengradient.ai
contract NodeRegistry is INodeRegistry, Governed, ReentrancyGuardTransient {
    /// @dev `signer` is zero exactly if the operator is not registered.
    struct Node {
        address signer; // slot 0: 160 bits
        NodeRoleSet roles; // 8
        string endpoint; // slot 1, and more if longer than 31 bytes
    }

    /// @custom:storage-location erc7201:opengradient.storage.NodeRegistry
    struct Storage {
        mapping(address operator => Node) nodes;
        mapping(NodeRole role => uint128) minimumStakes;
    }

    /// @notice Longest endpoint, in bytes.
    uint256 public constant MAX_ENDPOINT_BYTES = 256;

    bytes32 private constant STORAGE_SLOT = bytes32(erc7201("opengradient.storage.NodeRegistry"));

    /// @notice Where operators have their stake.
    IStaking public immutable STAKING;

    constructor(IStaking staking) {
        STAKING = staking;
    }

    /// @notice Sets up the proxy.
    /// @param authority The access manager.
    /// @param minimums Own stake that each role takes, in OPG wei, in the order of {NodeRole}.
    function initialize(address authority, uint128[ROLE_COUNT] calldata minimums) external initializer {
        __AccessManaged_init(authority);
        for (uint8 i = 0; i < ROLE_COUNT; ++i) _setMinimumStake(NodeRole(i), minimums[i]);
    }

    // LIFE OF A NODE

    /// @inheritdoc INodeRegistry
    function register(NodeRegistration calldata registration, uint256 stakeAmount) external nonReentrant {
        Storage storage $ = _storage();
        Node storage found = $.nodes[msg.sender];
        require(found.signer == address(0), NodeRegistryAlreadyRegistered(msg.sender));
        _write(found, registration);
        emit NodeRegistered(msg.sender, registration.roles, registration.signer, registration.endpoint);

        if (stakeAmount != 0) STAKING.stakeFrom(msg.sender, stakeAmount);
        _requireStake(msg.sender, registration.roles);
    }

    /// @inheritdoc INodeRegistry
    function update(NodeRegistration calldata registration) external {
        _write(_requireRegistered(msg.sender), registration);
        emit NodeUpdated(msg.sender, registration.roles, registration.signer, registration.endpoint);

        _requireStake(msg.sender, registration.roles);
    }

    /// @inheritdoc INodeRegistry
    function exit() external {
        _requireRegistered(msg.sender);

        delete _storage().nodes[msg.sender];
        emit NodeExited(msg.sender);
    }

    function _write(Node storage target, NodeRegistration calldata registration) private {
        NodeRoleSet roles = registration.roles;
        uint256 length = bytes(registration.endpoint).length;
        require(!roles.isEmpty() && roles.isSubsetOf(ALL_ROLES), NodeRegistryBadRoles(roles));
        require(registration.signer != address(0), NodeRegistryNoSigner());
        require(length <= MAX_ENDPOINT_BYTES, NodeRegistryEndpointTooLong(length, MAX_ENDPOINT_BYTES));

        (target.signer, target.roles) = (registration.signer, roles);
        target.endpoint = registration.endpoint;
    }

    /// @dev Own stake only: what others delegate is not the operator's to lose.
    function _requireStake(address operator, NodeRoleSet roles) private view {
        uint256 minimum = minimumStakeOf(roles);
        uint256 staked = STAKING.poolOf(operator).stake;
        require(staked >= minimum, NodeRegistryStakeTooLow(operator, staked, minimum));
    }

    // GOVERN

    /// @inheritdoc INodeRegistry
    function setMinimumStake(NodeRole role, uint128 minimum) external restricted {
        _setMinimumStake(role, minimum);
    }

    function _setMinimumStake(NodeRole role, uint128 minimum) private {
        _storage().minimumStakes[role] = minimum;
        emit MinimumStakeChanged(role, minimum);
    }

    // READ

    /// @inheritdoc INodeRegistry
    function node(address operator) external view returns (NodeRegistration memory) {
        Node storage found = _requireRegistered(operator);
        return NodeRegistration({roles: found.roles, signer: found.signer, endpoint: found.endpoint});
    }

    /// @inheritdoc INodeRegistry
    function signerOf(address operator) external view returns (address signer) {
        signer = _storage().nodes[operator].signer;
        require(signer != address(0), NodeRegistryNotRegistered(operator));
    }

    /// @inheritdoc INodeRegistry
    function hasRole(address operator, NodeRole role) external view returns (bool) {
        return _storage().nodes[operator].roles.contains(role);
    }

    /// @inheritdoc INodeRegistry
    function requireActor(address operator, NodeRole role, address caller) external view {
        requireRole(operator, role);
        bool isActor = caller == operator || caller == _storage().nodes[operator].signer;
        require(isActor, NodeRegistryNotSigner(operator, caller));
    }

    /// @inheritdoc INodeRegistry
    function requireRole(address operator, NodeRole role) public view {
        require(_storage().nodes[operator].roles.contains(role), NodeRegistryRoleMissing(operator, role));
    }

    /// @inheritdoc INodeRegistry
    function minimumStake(NodeRole role) external view returns (uint128) {
        return _storage().minimumStakes[role];
    }

    /// @inheritdoc INodeRegistry
    function minimumStakeOf(NodeRoleSet roles) public view returns (uint256 minimum) {
        for (uint8 i = 0; i < ROLE_COUNT; ++i) {
            NodeRole role = NodeRole(i);
            if (roles.contains(role)) minimum = Math.max(minimum, _storage().minimumStakes[role]);
        }
    }

    function _requireRegistered(address operator) private view returns (Node storage found) {
        found = _storage().nodes[operator];
        require(found.signer != address(0), NodeRegistryNotRegistered(operator));
    }

    function _storage() private pure returns (Storage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
