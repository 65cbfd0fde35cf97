// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Names a proof system and its version. Evidence starts with these four bytes; `VerifierRouter` maps them to the
/// verifier that reads the rest.
type ProofKind is bytes4;

/// @dev First four bytes of keccak256("opengradient.proof.proven.groth16.v1").
ProofKind constant PROVEN_GROTH16_V1 = ProofKind.wrap(bytes4(keccak256("opengradient.proof.proven.groth16.v1")));

/// @dev First four bytes of keccak256("opengradient.proof.proven.groth16-shared.v1").
ProofKind constant PROVEN_GROTH16_SHARED_V1 = ProofKind.wrap(
    bytes4(keccak256("opengradient.proof.proven.groth16-shared.v1"))
);

/// @dev First four bytes of keccak256("opengradient.proof.signed.receipt.v1").
ProofKind constant SIGNED_RECEIPT_V1 = ProofKind.wrap(bytes4(keccak256("opengradient.proof.signed.receipt.v1")));

/// @dev First four bytes of keccak256("opengradient.proof.attested.receipt.v1").
ProofKind constant ATTESTED_RECEIPT_V1 = ProofKind.wrap(bytes4(keccak256("opengradient.proof.attested.receipt.v1")));

library ProofKinds {
    uint256 private constant SIZE = 4;

    /// @notice The evidence is too short to name its kind.
    error ProofKindMissing(uint256 length);

    /// @dev What kind of proof evidence holds, and the proof.
    function split(bytes calldata evidence) internal pure returns (ProofKind kind, bytes calldata proof) {
        bool isNamed;
        (isNamed, kind, proof) = trySplit(evidence);
        require(isNamed, ProofKindMissing(evidence.length));
    }

    /// @dev The same, if the evidence names its kind at all.
    function trySplit(
        bytes calldata evidence
    ) internal pure returns (bool isNamed, ProofKind kind, bytes calldata proof) {
        if (evidence.length < SIZE) return (false, kind, evidence);
        return (true, ProofKind.wrap(bytes4(evidence[:SIZE])), evidence[SIZE:]);
    }
}
