// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISharedProofVerifier, NodeClaim, SharedAnswer} from "../interfaces/ISharedProofVerifier.sol";
import {InferenceClaim, IVerifier} from "../interfaces/IVerifier.sol";
import {CalldataReader} from "../libraries/CalldataReader.sol";
import {Groth16} from "../libraries/Groth16.sol";
import {PackedWords} from "../libraries/PackedWords.sol";
import {ModelId, ModelIds, ModelOrigin} from "../types/ModelId.sol";
import {VerificationKey} from "../types/VerificationKey.sol";

/// @title SharedProofVerifier
/// @dev THE STATEMENT
///
/// As {ProvenVerifier} has it, for several inferences of one model. Let p be the words of each inference, one after the other,
/// and then a 1; the words of one are its input‖output packed 31 bytes per field element. The public inputs are
///
///     c = Poseidon sponge of p without the 1
///     r = keccak256(c, chain id, market, model, node, keccak256(answers)) mod FIELD_ORDER,
///         where an answer is its request, keccak256(input) and keccak256(output)
///     e = Σ p[i] · r^i
///
/// WHY THE 1
///
/// Words of zeros at the end do not change a sum. Without the 1, a proof of one inference would also hold for two of which the
/// second is all zeros, though nobody ran it. With it, lists of different lengths are different polynomials, so `inferences`
/// need not be in the model's id: with any other number than the circuit's, the proof does not hold.
///
/// A proof of a model whose proofs carry one inference ({ProvenVerifier}) does not hold here, nor the other way round: their
/// circuits differ in the 1.
///
/// WHAT THIS TRUSTS
///
/// - Groth16 under the model's key (see {Groth16}); Poseidon and keccak256 to be collision-resistant. Nothing about the
///   caller.
/// @custom:security-contact security@opengradient.ai
contract SharedProofVerifier is ISharedProofVerifier {
    using CalldataReader for bytes;

    /// @dev What the evidence says of the model.
    struct Shape {
        uint256 inputSize; // of one inference, in bytes
        uint256 outputSize;
        uint256 inferences; // that the proof carries
    }

    /// @dev `e` in the making.
    struct Sum {
        uint256 value;
        uint256 power; // of r, at which the next inference's words start
        uint256 step; // r to the number of words of one inference
        uint256 count; // of inferences
    }

    // Where the parts of the evidence start, in bytes.
    uint256 private constant KEY = 32;
    uint256 private constant INPUT_SIZE = 52;
    uint256 private constant OUTPUT_SIZE = 56;
    uint256 private constant INFERENCES = 60;
    uint256 private constant COMMITMENT = 62;
    uint256 private constant PROOF = 94;
    uint256 private constant INPUTS = 350;

    /// @dev Request, input hash and output hash.
    uint256 private constant ANSWER_BYTES = 96;

    uint256 private constant WORD_BYTES = 31;

    /// @inheritdoc IVerifier
    function verify(InferenceClaim calldata claim, bytes calldata output, bytes calldata evidence) external view {
        SharedAnswer[] memory answers = new SharedAnswer[](1);
        answers[0] = SharedAnswer({requestId: claim.requestId, inputHash: claim.inputHash, output: output});
        _verify(NodeClaim({market: claim.market, modelId: claim.modelId, node: claim.node}), answers, evidence);
    }

    /// @inheritdoc ISharedProofVerifier
    function verifyShared(
        NodeClaim calldata claim,
        SharedAnswer[] calldata answers,
        bytes calldata evidence
    ) external view {
        _verify(claim, answers, evidence);
    }

    function _verify(NodeClaim memory claim, SharedAnswer[] memory answers, bytes calldata evidence) private view {
        require(evidence.length > INPUTS, SharedProofVerifierTruncated(evidence.length, INPUTS + 1));
        (Shape memory shape, VerificationKey key) = _shapeIn(evidence, claim.modelId);
        _requireInputs(answers, evidence, shape);

        uint256 c = uint256(evidence.wordAt(COMMITMENT));
        uint256 r = _challenge(c, claim, answers);
        uint256 e = _evaluate(answers, evidence, shape, r);
        bytes calldata proof = evidence.sliceAt(PROOF, Groth16.PROOF_BYTES);
        require(Groth16.verify(key, c, r, e, proof), SharedProofVerifierInvalidProof(claim.modelId));
    }

    /// @dev Reverts unless origin, key and sizes are this model's.
    function _shapeIn(
        bytes calldata evidence,
        ModelId wanted
    ) private pure returns (Shape memory shape, VerificationKey key) {
        key = VerificationKey.wrap(address(bytes20(evidence.wordAt(KEY))));
        shape.inputSize = uint32(bytes4(evidence.wordAt(INPUT_SIZE)));
        shape.outputSize = uint32(bytes4(evidence.wordAt(OUTPUT_SIZE)));
        shape.inferences = uint16(bytes2(evidence.wordAt(INFERENCES)));
        ModelOrigin origin = ModelOrigin.wrap(evidence.wordAt(0));
        ModelId modelId = ModelIds.modelIdOf(origin, key, shape.inputSize, shape.outputSize);
        require(modelId == wanted, SharedProofVerifierWrongModel(modelId, wanted));
    }

    // WHAT IS ANSWERED

    /// @dev Reverts unless the answers are of whole inferences on the inputs that were asked about.
    function _requireInputs(SharedAnswer[] memory answers, bytes calldata evidence, Shape memory shape) private pure {
        uint256 count = 0;
        for (uint256 i = 0; i < answers.length; ++i) count += _countOf(answers[i], shape);
        require(count != 0 && count <= shape.inferences, SharedProofVerifierBadCount(count, shape.inferences));
        uint256 inputSize = evidence.length - INPUTS;
        require(inputSize == count * shape.inputSize, SharedProofVerifierBadInput(inputSize, count * shape.inputSize));

        uint256 start = INPUTS;
        for (uint256 i = 0; i < answers.length; ++i) {
            SharedAnswer memory answer = answers[i];
            uint256 size = _countOf(answer, shape) * shape.inputSize;
            bytes32 inputHash = evidence.hashAt(start, size);
            require(
                inputHash == answer.inputHash,
                SharedProofVerifierWrongInput(answer.requestId, inputHash, answer.inputHash)
            );
            start += size;
        }
    }

    function _countOf(SharedAnswer memory answer, Shape memory shape) private pure returns (uint256) {
        (uint256 length, uint256 one) = (answer.output.length, shape.outputSize);
        // No model is registered whose outputs have no bytes; who asks here may claim one.
        require(
            length != 0 && one != 0 && length % one == 0,
            SharedProofVerifierBadOutput(answer.requestId, length, one)
        );
        return length / one;
    }

    // PUBLIC INPUTS

    function _challenge(
        uint256 c,
        NodeClaim memory claim,
        SharedAnswer[] memory answers
    ) private view returns (uint256) {
        bytes memory words = new bytes(answers.length * ANSWER_BYTES);
        for (uint256 i = 0; i < answers.length; ++i) {
            SharedAnswer memory answer = answers[i];
            bytes32 outputHash = keccak256(answer.output);
            assembly ("memory-safe") {
                let place := add(add(words, 0x20), mul(i, ANSWER_BYTES))
                mcopy(place, answer, 0x40) // request and input hash
                mstore(add(place, 0x40), outputHash)
            }
        }
        bytes memory preimage = abi.encode(c, block.chainid, claim.market, claim.modelId, claim.node, keccak256(words));
        return uint256(keccak256(preimage)) % Groth16.FIELD_ORDER;
    }

    /// @dev `e`: inference by inference, the value of each times the power of r at which its words start.
    function _evaluate(
        SharedAnswer[] memory answers,
        bytes calldata evidence,
        Shape memory shape,
        uint256 r
    ) private pure returns (uint256 e) {
        bytes memory data = new bytes(shape.inputSize + shape.outputSize);
        Sum memory sum = Sum({
            value: 0,
            power: 1,
            step: _power(r, (data.length + WORD_BYTES - 1) / WORD_BYTES),
            count: 0
        });
        uint256 value;
        for (uint256 i = 0; i < answers.length; ++i) {
            bytes memory output = answers[i].output;
            for (uint256 start = 0; start < output.length; start += shape.outputSize) {
                _load(data, evidence, INPUTS + sum.count * shape.inputSize, shape.inputSize, output, start);
                value = PackedWords.evaluate(data, r);
                _add(sum, value);
            }
        }
        // The last is repeated.
        while (sum.count < shape.inferences) _add(sum, value);
        // The 1 at the end.
        return addmod(sum.value, sum.power, Groth16.FIELD_ORDER);
    }

    /// @dev Fills `data` with `inputSize` bytes of calldata and then with the output from `start` on.
    function _load(
        bytes memory data,
        bytes calldata evidence,
        uint256 input,
        uint256 inputSize,
        bytes memory output,
        uint256 start
    ) private pure {
        assembly ("memory-safe") {
            let place := add(data, 0x20)
            calldatacopy(place, add(evidence.offset, input), inputSize)
            mcopy(add(place, inputSize), add(add(output, 0x20), start), sub(mload(data), inputSize))
        }
    }

    function _add(Sum memory sum, uint256 value) private pure {
        uint256 power = sum.power;
        sum.value = addmod(sum.value, mulmod(value, power, Groth16.FIELD_ORDER), Groth16.FIELD_ORDER);
        sum.power = mulmod(power, sum.step, Groth16.FIELD_ORDER);
        ++sum.count;
    }

    function _power(uint256 base, uint256 exponent) private pure returns (uint256 power) {
        power = 1;
        for (uint256 i = 0; i < exponent; ++i) power = mulmod(power, base, Groth16.FIELD_ORDER);
    }
}
