// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {VerificationKey} from "./VerificationKey.sol";

/// @dev Identifier of a model: the hash of its origin, its key and its sizes, which never change. Whoever knows the parts can show that
/// they belong to the model without asking the registry; verifiers do.
type ModelId is bytes32;

/// @dev Who published a model, and what it is: keccak256 of the first publisher and the hash of the model's manifest.
type ModelOrigin is bytes32;

using {equals as ==, differs as !=} for ModelId global;

function equals(ModelId a, ModelId b) pure returns (bool) {
    return ModelId.unwrap(a) == ModelId.unwrap(b);
}

function differs(ModelId a, ModelId b) pure returns (bool) {
    return ModelId.unwrap(a) != ModelId.unwrap(b);
}

library ModelIds {
    /// @dev The publisher is part of it, so that nobody can register somebody else's content first and take its royalties.
    function originOf(address publisher, bytes32 contentHash) internal pure returns (ModelOrigin) {
        return ModelOrigin.wrap(keccak256(abi.encode(publisher, contentHash)));
    }

    /// @dev The sizes are part of it, so that the border between input and output bytes cannot be moved.
    function modelIdOf(
        ModelOrigin origin,
        VerificationKey key,
        uint256 inputSize,
        uint256 outputSize
    ) internal pure returns (ModelId) {
        return ModelId.wrap(keccak256(abi.encode(origin, key, inputSize, outputSize)));
    }
}
