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
/// @param until Unix time in seconds from which it counts no more: it expires, or was retired. Zero if it was revoked.
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
/// The document's `user_data` is `bindingHash`, its `nonce` is `nonceOf`; `public_key` is x ‖ y, or 0x04 ‖ x ‖ y. A TDX quote's
/// `report_data` is the key's address ‖ 12 zero bytes ‖ `nonceOf`.
///
/// WHAT GOES WRONG, AND HOW FAR
///
/// - A key that leaked signs any answer in its operator's name, with any time of its life up to now; the operator is paid for it.
///   It cannot sign for another operator, or for models that its code may not answer for, and it cannot be renewed without the
///   enclave. `revoke` voids all of it; what was settled stays settled. Who notices nothing is exposed until the key expires,
///   and for as long after that as receipts may be old when they are settled: see {AttestedVerifier}.
/// - A measurement whose image is flawed, or whose hardware can be broken, makes every key under it worthless: one
///   `revokeMeasurement` voids them all, from the time on for which the flaw is known.
/// - An operator who is hostile owns the enclave's host: it can stop the enclave, keep requests or answers from it, and say
///   nothing of either. It cannot choose answers. It can turn the host's clock, so that the times of a receipt are the
///   enclave's word and not the hardware's; they count only within the key's life and not beyond this block. So an enclave
///   whose key or code is over can go on by a clock that was put back, for as long as a receipt may be old.
/// - Anybody who runs trusted code can have its key attested for any operator, who never asked for it: such a key can say
///   only what the code computes, and earns its operator money. The operator revokes what it does not want.
interface IEnclaveRegistry is IAttestedKeys, IMeasurementPolicy {
    event EnclaveAttested(
        address indexed key,
        address indexed operator,
        MeasurementId indexed measurementId,
        MeasurementKind kind,
        bytes32 tlsKeyHash,
        uint40 until
    );

    /// @notice The key counts until later. The enclave may end TLS with another key than before.
    event EnclaveRenewed(address indexed key, bytes32 tlsKeyHash, uint40 until);

    event EnclaveRetired(address indexed key, uint40 until);

    event EnclaveRevoked(address indexed key);

    /// @notice Keys that are attested or renewed from now on live this many seconds.
    event KeyLifetimeChanged(uint40 keyLifetime);

    /// @notice Documents of this kind are not checked by this function.
    error EnclaveRegistryWrongKind(MeasurementKind kind);

    /// @notice Nobody checks documents of this kind here.
    error EnclaveRegistryNoVerifier(MeasurementKind kind);

    /// @notice An enclave works for somebody.
    error EnclaveRegistryNoOperator();

    /// @notice The block is too old, not there yet, or its hash is not known any more.
    error EnclaveRegistryBadBlock(uint256 blockNumber, uint256 oldest, uint256 newest);

    /// @notice The document is too old, or its clock is ahead of the chain's.
    error EnclaveRegistryBadTime(uint256 timestamp, uint256 oldest, uint256 newest);

    /// @notice The document is for another operator, registry, chain, or TLS key.
    error EnclaveRegistryWrongUserData(bytes userData, bytes32 wanted);

    /// @notice The document was made for another block.
    error EnclaveRegistryWrongNonce(bytes nonce, bytes32 wanted);

    /// @notice The quote is for another key, operator, registry, chain, TLS key, or block.
    error EnclaveRegistryWrongReportData(bytes reportData, bytes wanted);

    /// @notice The document has no key of 64 bytes, or of 65 with a 4 before them.
    error EnclaveRegistryBadPublicKey(bytes publicKey);

    /// @notice The document was brought before, maybe with another of its signatures.
    error EnclaveRegistryDocumentUsed(bytes32 documentHash);

    /// @notice The key was attested before. A key that counts is renewed; one that does not, never counts again.
    error EnclaveRegistryKeyKnown(address key);

    /// @notice The key was never attested.
    error EnclaveRegistryKeyUnknown(address key);

    /// @notice The key does not count any more.
    error EnclaveRegistryKeyOver(address key, uint256 until);

    /// @notice Nothing that the key signed counts.
    error EnclaveRegistryKeyRevoked(address key);

    /// @notice The key did not count at that time.
    error EnclaveRegistryNotAttested(address key, uint256 timestamp, uint256 from, uint256 until);

    /// @notice The key is that of an enclave of another operator.
    error EnclaveRegistryWrongOperator(address key, address operator, address wanted);

    /// @notice The key is held by other code.
    error EnclaveRegistryWrongMeasurement(address key, MeasurementId measurementId, MeasurementId wanted);

    /// @notice The caller is neither the operator nor its signer.
    error EnclaveRegistryNotOperator(address key, address caller);

    /// @notice Keys live neither that short nor that long.
    error EnclaveRegistryBadLifetime(uint256 keyLifetime, uint256 minimum, uint256 maximum);

    /// @notice Registers the key in a Nitro document, under the root of `kind`: `Nitro`, or `NitroSim` where it is allowed.
    /// @dev Anybody may bring the document: whom it is for is in it. Whoever brings it first has the same effect.
    /// @param document, hints See {INitroVerifier}.
    function attestNitro(
        MeasurementKind kind,
        EnclaveBinding calldata binding,
        bytes calldata document,
        bytes[] calldata hints
    ) external returns (address key);

    /// @notice The same with an Intel TDX quote: `Tdx`, or `TdxSim` where it is allowed. Value that is sent along pays the DCAP
    /// contract's fee; the rest comes back to the caller.
    function attestTdx(
        MeasurementKind kind,
        EnclaveBinding calldata binding,
        address key,
        bytes calldata quote
    ) external payable;

    /// @notice Prolongs a key that still counts by a fresh document of the same enclave; never shortens it.
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
    ) external payable;

    /// @notice Ends a key now, for good; what it signed so far counts. Its operator, or the operator's signer.
    function retire(address key) external;

    /// @notice Voids a key, and all it ever signed. Its operator, or the guardian; not the operator's signer, whose key is on
    /// a machine that is online: it can end a key, and not void what the operator earned with it.
    function revoke(address key) external;

    /// @notice Sets how many seconds keys live that are attested or renewed from now on. Governance only.
    function setKeyLifetime(uint40 keyLifetime) external;

    /// @notice Reverts with the reason unless `key` was that of an enclave of `operator`, whose code may answer for `modelId`, at
    /// `timestamp`.
    function requireAttested(address key, address operator, ModelId modelId, uint64 timestamp) external view;

    /// @notice What is known of a key; all zero for one that was never attested.
    function enclave(address key) external view returns (Enclave memory);

    /// @notice How many seconds keys live that are attested or renewed now.
    function keyLifetime() external view returns (uint40);

    /// @notice Whether a document was brought before.
    function isDocumentUsed(bytes32 documentHash) external view returns (bool);

    /// @notice What an enclave of this operator puts into `user_data`.
    function bindingHash(address operator, bytes32 tlsKeyHash) external view returns (bytes32);

    /// @notice What it puts into `nonce`.
    /// @param blockHash Hash of block `binding.blockNumber`.
    function nonceOf(bytes32 blockHash, bytes32 binding) external pure returns (bytes32);
}
