// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {IGroth16Verifier} from "../interfaces/IGroth16Verifier.sol";
import {BN254} from "../libraries/BN254.sol";
import {Groth16} from "../libraries/Groth16.sol";
import {Groth16Batch} from "../libraries/Groth16Batch.sol";
import {KeySetup, VerificationKey} from "../types/VerificationKey.sol";

/// @title Groth16Verifier
/// @dev Keeps no storage: a key's address is the `CREATE2` hash of its content, so whether it was stored here can be told
/// from the address and the content alone.
/// @custom:security-contact security@opengradient.ai
contract Groth16Verifier is IGroth16Verifier {
    using Groth16Batch for Groth16Batch.Batch;

    /// @notice Public inputs of every statement: commitment, challenge, evaluation.
    uint256 public constant PUBLIC_INPUTS = 3;

    /// @dev Where the IC points of a setup start.
    uint256 private constant IC_OFFSET = Groth16.G1_BYTES + 2 * Groth16.G2_BYTES;

    /// @dev Equal content, equal address.
    bytes32 private constant SALT = bytes32(0);

    /// @inheritdoc IGroth16Verifier
    function registerSetup(bytes calldata points) external returns (KeySetup setup) {
        require(
            points.length == Groth16.SETUP_BYTES,
            Groth16VerifierBadSetupLength(points.length, Groth16.SETUP_BYTES)
        );
        _requireG1(points, 0);
        _requireG2(points, Groth16.G1_BYTES);
        _requireG2(points, Groth16.G1_BYTES + Groth16.G2_BYTES);
        for (uint256 i = 0; i <= PUBLIC_INPUTS; ++i) {
            _requireG1(points, IC_OFFSET + i * Groth16.G1_BYTES);
        }

        setup = KeySetup.wrap(_store(points));
        emit KeySetupRegistered(setup);
    }

    /// @inheritdoc IGroth16Verifier
    function registerKey(KeySetup setup, bytes calldata delta) external returns (VerificationKey key) {
        require(_isStored(KeySetup.unwrap(setup), Groth16.SETUP_BYTES), Groth16VerifierUnknownSetup(setup));
        require(delta.length == Groth16.G2_BYTES, Groth16VerifierBadKeyLength(delta.length, Groth16.G2_BYTES));
        _requireG2(delta, 0);

        key = VerificationKey.wrap(_store(_encodeKey(setup, delta)));
        emit VerificationKeyRegistered(key, setup);
    }

    /// @inheritdoc IGroth16Verifier
    function isRegistered(VerificationKey key) external view returns (bool) {
        return _isStored(VerificationKey.unwrap(key), Groth16.KEY_BYTES);
    }

    /// @inheritdoc IGroth16Verifier
    function setupAddress(bytes calldata points) external view returns (KeySetup) {
        return KeySetup.wrap(SSTORE2.predictCounterfactualAddress(points, SALT));
    }

    /// @inheritdoc IGroth16Verifier
    function keyAddress(KeySetup setup, bytes calldata delta) external view returns (VerificationKey) {
        return VerificationKey.wrap(SSTORE2.predictCounterfactualAddress(_encodeKey(setup, delta), SALT));
    }

    /// @inheritdoc IGroth16Verifier
    function verify(
        VerificationKey key,
        uint256[3] calldata inputs,
        bytes calldata proof
    ) external view returns (bool) {
        return Groth16.verify(key, inputs[0], inputs[1], inputs[2], proof);
    }

    /// @inheritdoc IGroth16Verifier
    function verifyBatch(
        VerificationKey key,
        uint256[3][] calldata inputs,
        bytes[] calldata proofs
    ) external view returns (bool) {
        uint256 count = proofs.length;
        if (inputs.length != count) return false;
        Groth16Batch.Batch memory batch = Groth16Batch.create(count);
        for (uint256 i = 0; i < count; ++i) {
            if (!batch.add(key, inputs[i], proofs[i])) return false;
        }
        return batch.verify();
    }

    /// @inheritdoc IGroth16Verifier
    function verifyMixedBatch(
        VerificationKey[] calldata keys,
        uint256[3][] calldata inputs,
        bytes[] calldata proofs
    ) external view returns (bool) {
        uint256 count = proofs.length;
        if (keys.length != count || inputs.length != count) return false;
        Groth16Batch.Batch memory batch = Groth16Batch.create(count);
        for (uint256 i = 0; i < count; ++i) {
            if (!batch.add(keys[i], inputs[i], proofs[i])) return false;
        }
        return batch.verify();
    }

    function _encodeKey(KeySetup setup, bytes calldata delta) private pure returns (bytes memory) {
        return abi.encodePacked(KeySetup.unwrap(setup), delta);
    }

    function _store(bytes memory content) private returns (address pointer) {
        pointer = SSTORE2.predictCounterfactualAddress(content, SALT);
        require(pointer.code.length == 0, Groth16VerifierAlreadyRegistered(pointer));
        SSTORE2.writeCounterfactual(content, SALT);
    }

    /// @dev Whether the code at `pointer` is `length` bytes of data that this contract stored.
    function _isStored(address pointer, uint256 length) private view returns (bool) {
        // One byte more than the data: the STOP in front of it.
        if (pointer.code.length != length + 1) return false;
        return SSTORE2.predictCounterfactualAddress(SSTORE2.read(pointer), SALT) == pointer;
    }

    /// @dev A key with a point off its curve could never verify anything; this catches the mistake before it costs the code.
    function _requireG1(bytes calldata points, uint256 offset) private pure {
        require(
            BN254.isG1(_coordinate(points, offset), _coordinate(points, offset + 32)),
            Groth16VerifierBadPoint(offset)
        );
    }

    function _requireG2(bytes calldata points, uint256 offset) private pure {
        require(
            BN254.isOnTwist(
                _coordinate(points, offset),
                _coordinate(points, offset + 32),
                _coordinate(points, offset + 64),
                _coordinate(points, offset + 96)
            ),
            Groth16VerifierBadPoint(offset)
        );
    }

    function _coordinate(bytes calldata points, uint256 offset) private pure returns (uint256) {
        return uint256(bytes32(points[offset:offset + 32]));
    }
}
