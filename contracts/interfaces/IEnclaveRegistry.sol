// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MeasurementId, MeasurementKind} from "../types/MeasurementId.sol";
import {ModelId} from "../types/ModelId.sol";
import {IAttestedKeys} from "./IAttestedKeys.sol";
import {IMeasurementPolicy} from "./IMeasurementPolicy.sol";

/// @notice What an enclave is asked to attest, next to its key and its code.
/// @param operator Operator that the enclave works for.
/// @param tlsKeyHash keccak256 of the public key, as DER SubjectPublicKeyInfo, with which the enclave ends TLS; zero for none.
/// @param blockNumber A recent block, whose hash makes the attestation fresh.
struct EnclaveBinding {
    address operator;
    bytes32 tlsKeyHash;
    uint256 blockNumber;
}

/// @notice What the registry knows of an enclave's key.
/// @param operator Operator that the enclave works for; zero for a key that was never attested.
/// @param from Unix time in seconds of its attestation.
/// @param until Unix time in seconds from which it counts no more: it expires, or was retired.
/// @param revoked Whether its secret is known to have leaked: then nothing that it signed counts.
/// @param measurementId Code that holds it.
struct Enclave {
    address operator;
    uint40 from;
    uint40 until;
    bool revoked;
    MeasurementId measurementId;
}

/// @title Keys that were born in attested enclaves
/// @notice An enclave makes a secp256k1 key and has the hardware attest it, together with the code that runs and whom it works
/// for. Keys live for days and are renewed by a fresh attestation. What a key signed while it counted stays checkable after its end.
///
/// The document's `user_data` is `bindingHash`, its `nonce` is `nonceOf`. A TDX quote's `report_data` is the key's
/// address ‖ 12 zero bytes ‖ `nonceOf`.
interface IEnclaveRegistry is IAttestedKeys, IMeasurementPolicy {
    event EnclaveAttested(
        address indexed key,
        address indexed operator,
        MeasurementId indexed measurementId,
        MeasurementKind kind,
        bytes32 tlsKeyHash,
        uint40 until
    );

    event EnclaveRenewed(address indexed key, uint40 until);

    event EnclaveRetired(address indexed key, uint40 until);

    event EnclaveRevoked(address indexed key);

    /// @notice Registers the key in a Nitro document, under the root of `kind`: `Nitro`, or `NitroSim` where it is allowed.
    /// @dev Anybody may bring the document: whom it is for is in it.
    /// @param document, hints See {INitroVerifier}.
    function attestNitro(
        MeasurementKind kind,
        EnclaveBinding calldata binding,
        bytes calldata document,
        bytes[] calldata hints
    ) external returns (address key);

    /// @notice The same with an Intel TDX quote: `Tdx`, or `TdxSim` where it is allowed.
    function attestTdx(
        MeasurementKind kind,
        EnclaveBinding calldata binding,
        address key,
        bytes calldata quote
    ) external;

    /// @notice Prolongs a key that still counts by a fresh document of the same enclave.
    function renewNitro(
        MeasurementKind kind,
        EnclaveBinding calldata binding,
        bytes calldata document,
        bytes[] calldata hints
    ) external returns (address key);

    /// @notice The same with a quote.
    function renewTdx(
        MeasurementKind kind,
        EnclaveBinding calldata binding,
        address key,
        bytes calldata quote
    ) external;

    /// @notice Ends a key now, for good; what it signed so far counts. Its operator, or the operator's signer.
    function retire(address key) external;

    /// @notice Voids a key, and all it ever signed. Its operator, or the guardian.
    function revoke(address key) external;

    /// @notice Reverts with the reason unless `key` was that of an enclave of `operator`, whose code may answer for `modelId`, at
    /// `timestamp`.
    function requireAttested(address key, address operator, ModelId modelId, uint64 timestamp) external view;

    /// @notice What is known of a key; all zero for one that was never attested.
    function enclave(address key) external view returns (Enclave memory);

    /// @notice What an enclave of this operator puts into `user_data`.
    function bindingHash(address operator, bytes32 tlsKeyHash) external view returns (bytes32);

    /// @notice What it puts into `nonce`.
    /// @param blockHash Hash of block `binding.blockNumber`.
    function nonceOf(bytes32 blockHash, bytes32 binding) external pure returns (bytes32);
}
