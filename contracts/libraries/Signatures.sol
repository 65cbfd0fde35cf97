// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {BoundedCall} from "./BoundedCall.sol";

/// @title Signatures of accounts nobody vouches for
/// @dev Nothing here reverts because of a signature or a signer. OpenZeppelin's `SignatureChecker` passes all gas on.
library Signatures {
    /// @dev Gas a contract gets to check one signature: several times what a multisig or a passkey wallet takes.
    uint256 internal constant ERC1271_GAS = 100_000;

    uint256 private constant COMPACT_BYTES = 64;

    /// @dev The key that signed, or zero. The upper half of the values of `s` is refused, so a signature has one form
    /// only.
    function recover(bytes32 digest, bytes32 r, bytes32 vs) internal pure returns (address signer) {
        // Zero if anything is wrong with the signature.
        (signer, , ) = ECDSA.tryRecover(digest, r, vs);
    }

    /// @dev Whether `signer`'s key signed. Also of an account with code: EIP-7702 leaves the key in charge.
    function isSignedByKey(address signer, bytes32 digest, bytes32 r, bytes32 vs) internal pure returns (bool) {
        address found = recover(digest, r, vs);
        return found != address(0) && found == signer;
    }

    /// @dev Whether the contract `signer` says that it signed. The call is static: it can change nothing.
    function isSignedByContract(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        (bool success, uint256 word) = BoundedCall.tryStaticCall(
            signer,
            ERC1271_GAS,
            abi.encodeCall(IERC1271.isValidSignature, (digest, signature))
        );
        return success && bytes32(word) == bytes32(IERC1271.isValidSignature.selector);
    }

    /// @dev Whether `signer` signed: by its key with a compact signature (EIP-2098), or as a contract.
    function isSigned(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (signature.length == COMPACT_BYTES) {
            (bytes32 r, bytes32 vs) = (bytes32(signature[:32]), bytes32(signature[32:]));
            if (isSignedByKey(signer, digest, r, vs)) return true;
        }
        return signer.code.length != 0 && isSignedByContract(signer, digest, signature);
    }
}
