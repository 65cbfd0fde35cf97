// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title AllotmentBook
/// @dev The part of a contract that knows how much of nodes' stake it holds; see {CollateralAllotments}.
abstract contract AllotmentBook {
    /// @dev A node's stake that the contract holds, less what stands behind its obligations. One slot, never zero again:
    /// refilling one that is not zero costs a quarter of filling a zero one.
    struct Allotment {
        uint128 free; // OPG in wei
        uint40 begin; // Unix time in seconds: obligations with an earlier deadline have no part in it
        uint40 expiry; // Unix time in seconds up to which `Staking` keeps it locked
    }

    /// @custom:storage-location erc7201:opengradient.storage.AllotmentBook
    struct AllotmentStorage {
        mapping(address node => Allotment) allotments;
    }

    bytes32 private constant STORAGE_SLOT = bytes32(erc7201("opengradient.storage.AllotmentBook"));

    /// @dev Gives collateral of an obligation that needs it no more back to the node's allotment.
    function _freeCollateral(address node, uint128 amount, uint256 deadline) internal {
        Allotment memory allotment = _allotmentOf(node);
        // It may belong to one that has lapsed.
        if (block.timestamp > allotment.expiry || deadline < allotment.begin) return;
        allotment.free += amount;
        _setAllotment(node, allotment);
    }

    function _allotmentOf(address node) internal view returns (Allotment memory) {
        return _allotmentStorage().allotments[node];
    }

    function _setAllotment(address node, Allotment memory allotment) internal {
        _allotmentStorage().allotments[node] = allotment;
    }

    function _allotmentStorage() private pure returns (AllotmentStorage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
