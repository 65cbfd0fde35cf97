// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {MeasurementPolicy} from "./enclave/MeasurementPolicy.sol";
import {IAttestedKeys} from "./interfaces/IAttestedKeys.sol";
import {Enclave, EnclaveBinding, IEnclaveRegistry} from "./interfaces/IEnclaveRegistry.sol";
import {INitroVerifier, NitroDocument} from "./interfaces/INitroVerifier.sol";
import {INodeRegistry} from "./interfaces/INodeRegistry.sol";
import {ITdxVerifier, TdxReport} from "./interfaces/ITdxVerifier.sol";
import {MeasurementIds, MeasurementKind} from "./types/MeasurementId.sol";
import {ModelId} from "./types/ModelId.sol";

/// @notice Who checks the documents of each kind; zero for nobody.
struct EnclaveVerifiers {
    INitroVerifier nitro;
    ITdxVerifier tdx;
    INitroVerifier nitroSim;
    ITdxVerifier tdxSim;
}

/// @title EnclaveRegistry
/// @dev Which code is trusted is the part in {MeasurementPolicy}: one contract, so that a receipt pays for one call.
///
/// A KEY COUNTS ONCE
///
/// Its time is one interval: attested, it counts until it expires; while it counts a fresh document moves its end; once it does
/// not, nothing brings it back. Retiring and revoking only ever end it sooner. An enclave that lost its time makes another key.
///
/// FRESHNESS
///
/// The nonce names the hash of a recent block, which nobody can have known before. A Nitro document tells its time besides. And
/// each document counts once, told apart by what was signed, because a signature over P-384 has a valid twin.
///
/// WHAT THIS TRUSTS
///
/// - The verifiers, to accept only what the hardware signed: one that accepts anything attests any key. They are immutables;
///   another one is an upgrade.
/// - AWS and Intel, for what they attest: that the measured code runs, isolated from its host, and chose the key.
/// - Governance, to approve only code that keeps its key, answers with the model that it names, and never signs anything else.
///   The guardian, not to void what is honest: who cannot settle what is locked loses its collateral.
/// - `NodeRegistry`, to know operators' signers, who may retire keys.
/// - Nothing about who brings documents.
/// @custom:security-contact security@opengradient.ai
contract EnclaveRegistry is IEnclaveRegistry, MeasurementPolicy, ReentrancyGuardTransient {
    using Bytes for bytes;
    using SafeCast for uint256;

    /// @dev One slot. `operator` is zero exactly if the key was never attested, `until` exactly if it was revoked or never
    /// attested: so a revoked key counts at no time, without a flag that would have to be looked at.
    struct Key {
        address operator; // 160 bits
        uint40 from; // 40
        uint40 until; // 40
        uint16 measurement; // 16: its number in the policy
    }

    /// @dev What a document says, once it was checked and found to be for this registry.
    struct Attested {
        bytes32 documentHash;
        address key;
        uint16 measurement;
    }

    /// @custom:storage-location erc7201:opengradient.storage.EnclaveRegistry
    struct Storage {
        mapping(address key => Key) keys;
        mapping(bytes32 documentHash => bool) usedDocuments;
        uint40 keyLifetime;
    }

    /// @notice Oldest document that is taken, in seconds.
    uint256 public constant MAX_DOCUMENT_AGE = 30 minutes;

    /// @notice How far a document's clock may be ahead of the chain's, in seconds.
    uint256 public constant MAX_CLOCK_LEAD = 5 minutes;

    /// @notice Oldest block that a document may name: half an hour of Base's blocks of two seconds.
    uint256 public constant MAX_BLOCK_AGE = 900;

    /// @notice Bounds of what governance can set, in seconds: a key must outlive its renewal, and one that leaked unnoticed
    /// must end.
    uint40 public constant MIN_KEY_LIFETIME = 1 hours;
    uint40 public constant MAX_KEY_LIFETIME = 30 days;

    bytes32 private constant BINDING_DOMAIN = keccak256("opengradient.enclave.v1");
    bytes32 private constant STORAGE_SLOT = bytes32(erc7201("opengradient.storage.EnclaveRegistry"));

    uint256 private constant KEY_BYTES = 64;
    bytes1 private constant UNCOMPRESSED = 0x04;

    /// @notice Who signs for which operator.
    INodeRegistry public immutable NODE_REGISTRY;

    INitroVerifier public immutable NITRO_VERIFIER;
    ITdxVerifier public immutable TDX_VERIFIER;
    INitroVerifier public immutable NITRO_SIM_VERIFIER;
    ITdxVerifier public immutable TDX_SIM_VERIFIER;

    /// @param verifiers On Base, none for the simulated kinds.
    constructor(INodeRegistry nodeRegistry, EnclaveVerifiers memory verifiers) {
        NODE_REGISTRY = nodeRegistry;
        (NITRO_VERIFIER, TDX_VERIFIER) = (verifiers.nitro, verifiers.tdx);
        (NITRO_SIM_VERIFIER, TDX_SIM_VERIFIER) = (verifiers.nitroSim, verifiers.tdxSim);
        if (address(verifiers.nitroSim) != address(0)) _requireAllowedHere(MeasurementKind.NitroSim);
        if (address(verifiers.tdxSim) != address(0)) _requireAllowedHere(MeasurementKind.TdxSim);
    }

    /// @notice Sets up the proxy.
    /// @param authority The access manager.
    /// @param lifetime How many seconds keys live.
    function initialize(address authority, uint40 lifetime) external initializer {
        __AccessManaged_init(authority);
        _setKeyLifetime(lifetime);
    }

    // ATTEST

    /// @inheritdoc IEnclaveRegistry
    function attestNitro(
        MeasurementKind kind,
        EnclaveBinding calldata binding,
        bytes calldata document,
        bytes[] calldata hints
    ) external nonReentrant returns (address) {
        return _attest(kind, binding, _checkNitro(kind, binding, document, hints));
    }

    /// @inheritdoc IEnclaveRegistry
    function attestTdx(
        MeasurementKind kind,
        EnclaveBinding calldata binding,
        address key,
        bytes calldata quote
    ) external payable nonReentrant {
        _attest(kind, binding, _checkTdx(kind, binding, key, quote));
    }

    function _attest(
        MeasurementKind kind,
        EnclaveBinding calldata binding,
        Attested memory attested
    ) private returns (address key) {
        key = attested.key;
        Key storage record = _storage().keys[key];
        require(record.operator == address(0), EnclaveRegistryKeyKnown(key));
        _use(attested.documentHash);
        uint40 until = _endOfLife();

        (record.operator, record.from) = (binding.operator, block.timestamp.toUint40());
        (record.until, record.measurement) = (until, attested.measurement);
        emit EnclaveAttested({
            key: key,
            operator: binding.operator,
            measurementId: _measurementIdOf(attested.measurement),
            kind: kind,
            tlsKeyHash: binding.tlsKeyHash,
            until: until
        });
    }

    // RENEW

    /// @inheritdoc IEnclaveRegistry
    function renewNitro(
        MeasurementKind kind,
        EnclaveBinding calldata binding,
        bytes calldata document,
        bytes[] calldata hints
    ) external nonReentrant returns (address) {
        return _renew(binding, _checkNitro(kind, binding, document, hints));
    }

    /// @inheritdoc IEnclaveRegistry
    function renewTdx(
        MeasurementKind kind,
        EnclaveBinding calldata binding,
        address key,
        bytes calldata quote
    ) external payable nonReentrant {
        _renew(binding, _checkTdx(kind, binding, key, quote));
    }

    function _renew(EnclaveBinding calldata binding, Attested memory attested) private returns (address key) {
        key = attested.key;
        Key storage record = _requireCounts(key);
        address operator = record.operator;
        require(operator == binding.operator, EnclaveRegistryWrongOperator(key, operator, binding.operator));
        uint16 measurement = record.measurement;
        require(
            measurement == attested.measurement,
            EnclaveRegistryWrongMeasurement(key, _measurementIdOf(measurement), _measurementIdOf(attested.measurement))
        );
        _use(attested.documentHash);
        // Of two values of 40 bits.
        uint40 until = uint40(Math.max(record.until, _endOfLife()));

        record.until = until;
        emit EnclaveRenewed(key, binding.tlsKeyHash, until);
    }

    function _endOfLife() private view returns (uint40) {
        return (block.timestamp + _storage().keyLifetime).toUint40();
    }

    // END

    /// @inheritdoc IEnclaveRegistry
    function retire(address key) external {
        Key storage record = _requireCounts(key);
        address operator = record.operator;
        require(
            msg.sender == operator || msg.sender == NODE_REGISTRY.signerOf(operator),
            EnclaveRegistryNotOperator(key, msg.sender)
        );

        record.until = block.timestamp.toUint40();
        emit EnclaveRetired(key, record.until);
    }

    /// @inheritdoc IEnclaveRegistry
    function revoke(address key) external {
        Key storage record = _requireKnown(key);
        if (msg.sender != record.operator) _checkCanCall(msg.sender, msg.data);

        record.until = 0;
        emit EnclaveRevoked(key);
    }

    function _requireCounts(address key) private view returns (Key storage record) {
        record = _requireKnown(key);
        require(block.timestamp < record.until, EnclaveRegistryKeyOver(key, record.until));
    }

    function _requireKnown(address key) private view returns (Key storage record) {
        record = _storage().keys[key];
        require(record.operator != address(0), EnclaveRegistryKeyUnknown(key));
        require(record.until != 0, EnclaveRegistryKeyRevoked(key));
    }

    // CHECK

    /// @dev A document of AWS Nitro that is fresh, for this registry, and of trusted code.
    function _checkNitro(
        MeasurementKind kind,
        EnclaveBinding calldata binding,
        bytes calldata document,
        bytes[] calldata hints
    ) private returns (Attested memory) {
        (bytes32 userData, bytes32 nonce) = _expected(binding);
        NitroDocument memory found = _nitroVerifier(kind).verify(document, hints);
        _requireTimely(found.timestamp);
        require(_isWord(found.userData, userData), EnclaveRegistryWrongUserData(found.userData, userData));
        require(_isWord(found.nonce, nonce), EnclaveRegistryWrongNonce(found.nonce, nonce));
        return
            Attested({
                documentHash: found.payloadHash,
                key: _addressOf(found.publicKey),
                measurement: _measurementOf(kind, found.pcrs)
            });
    }

    /// @dev The same for a quote of Intel TDX, which tells no time but that of the block.
    function _checkTdx(
        MeasurementKind kind,
        EnclaveBinding calldata binding,
        address key,
        bytes calldata quote
    ) private returns (Attested memory) {
        (, bytes32 nonce) = _expected(binding);
        TdxReport memory found = _tdxVerifier(kind).verify{value: msg.value}(quote, payable(msg.sender));
        bytes memory wanted = abi.encodePacked(key, bytes12(0), nonce);
        require(
            keccak256(found.reportData) == keccak256(wanted),
            EnclaveRegistryWrongReportData(found.reportData, wanted)
        );
        return Attested({documentHash: found.quoteHash, key: key, measurement: _measurementOf(kind, found.registers)});
    }

    /// @dev What a document says that was made for this binding.
    function _expected(EnclaveBinding calldata binding) private view returns (bytes32 userData, bytes32 nonce) {
        require(binding.operator != address(0), EnclaveRegistryNoOperator());
        uint256 newest = block.number - 1;
        uint256 oldest = block.number - Math.min(MAX_BLOCK_AGE, block.number);
        uint256 wanted = binding.blockNumber;
        bytes32 blockHash = Blockhash.blockHash(wanted);
        require(
            wanted >= oldest && wanted <= newest && blockHash != 0,
            EnclaveRegistryBadBlock(wanted, oldest, newest)
        );
        userData = bindingHash(binding.operator, binding.tlsKeyHash);
        nonce = nonceOf(blockHash, userData);
    }

    function _requireTimely(uint256 timestamp) private view {
        (uint256 oldest, uint256 newest) = (block.timestamp - MAX_DOCUMENT_AGE, block.timestamp + MAX_CLOCK_LEAD);
        require(timestamp >= oldest && timestamp <= newest, EnclaveRegistryBadTime(timestamp, oldest, newest));
    }

    /// @dev Number of the code that these registers measure, which is trusted now.
    function _measurementOf(MeasurementKind kind, bytes memory registers) private view returns (uint16) {
        // Of all that is not approved, what is in debug mode gets a reason of its own.
        require(MeasurementIds.isMeasured(kind, registers), MeasurementPolicyNotMeasured(kind, registers));
        return _requireTrustedNow(MeasurementIds.measurementIdOf(kind, registers));
    }

    function _use(bytes32 documentHash) private {
        Storage storage $ = _storage();
        require(!$.usedDocuments[documentHash], EnclaveRegistryDocumentUsed(documentHash));
        $.usedDocuments[documentHash] = true;
    }

    function _nitroVerifier(MeasurementKind kind) private view returns (INitroVerifier verifier) {
        if (kind == MeasurementKind.Nitro) verifier = NITRO_VERIFIER;
        else if (kind == MeasurementKind.NitroSim) verifier = NITRO_SIM_VERIFIER;
        else revert EnclaveRegistryWrongKind(kind);
        require(address(verifier) != address(0), EnclaveRegistryNoVerifier(kind));
    }

    function _tdxVerifier(MeasurementKind kind) private view returns (ITdxVerifier verifier) {
        if (kind == MeasurementKind.Tdx) verifier = TDX_VERIFIER;
        else if (kind == MeasurementKind.TdxSim) verifier = TDX_SIM_VERIFIER;
        else revert EnclaveRegistryWrongKind(kind);
        require(address(verifier) != address(0), EnclaveRegistryNoVerifier(kind));
    }

    /// @dev The address of a key. That it is on the curve need not be checked: nobody can sign for one that is not.
    function _addressOf(bytes memory publicKey) private pure returns (address) {
        bool isTagged = publicKey.length == KEY_BYTES + 1 && publicKey[0] == UNCOMPRESSED;
        require(isTagged || publicKey.length == KEY_BYTES, EnclaveRegistryBadPublicKey(publicKey));
        bytes32 hash = keccak256(isTagged ? publicKey.slice(1) : publicKey);
        // The lower 160 bits.
        return address(uint160(uint256(hash)));
    }

    function _isWord(bytes memory data, bytes32 wanted) private pure returns (bool) {
        return data.length == 32 && bytes32(data) == wanted;
    }

    // GOVERN

    /// @inheritdoc IEnclaveRegistry
    function setKeyLifetime(uint40 lifetime) external restricted {
        _setKeyLifetime(lifetime);
    }

    function _setKeyLifetime(uint40 lifetime) private {
        require(
            lifetime >= MIN_KEY_LIFETIME && lifetime <= MAX_KEY_LIFETIME,
            EnclaveRegistryBadLifetime(lifetime, MIN_KEY_LIFETIME, MAX_KEY_LIFETIME)
        );

        _storage().keyLifetime = lifetime;
        emit KeyLifetimeChanged(lifetime);
    }

    // READ

    /// @inheritdoc IEnclaveRegistry
    function requireAttested(address key, address operator, ModelId modelId, uint64 timestamp) external view {
        Key storage record = _storage().keys[key];
        if (record.from > timestamp || timestamp >= record.until) _refuse(key, record, timestamp);
        require(record.operator == operator, EnclaveRegistryWrongOperator(key, record.operator, operator));
        _requireTrusted(record.measurement, modelId, timestamp);
    }

    /// @dev The reason why a key does not count at some time.
    function _refuse(address key, Key storage record, uint256 timestamp) private view {
        require(record.operator != address(0), EnclaveRegistryKeyUnknown(key));
        require(record.until != 0, EnclaveRegistryKeyRevoked(key));
        revert EnclaveRegistryNotAttested(key, timestamp, record.from, record.until);
    }

    /// @inheritdoc IAttestedKeys
    function isAttestedAt(address key, uint64 timestamp) external view returns (bool) {
        Key storage record = _storage().keys[key];
        return record.from <= timestamp && timestamp < record.until && _isTrusted(record.measurement, timestamp);
    }

    /// @inheritdoc IEnclaveRegistry
    function enclave(address key) external view returns (Enclave memory) {
        Key memory record = _storage().keys[key];
        return
            Enclave({
                operator: record.operator,
                from: record.from,
                until: record.until,
                revoked: record.operator != address(0) && record.until == 0,
                measurementId: _measurementIdOf(record.measurement)
            });
    }

    /// @inheritdoc IEnclaveRegistry
    function keyLifetime() external view returns (uint40) {
        return _storage().keyLifetime;
    }

    /// @inheritdoc IEnclaveRegistry
    function isDocumentUsed(bytes32 documentHash) external view returns (bool) {
        return _storage().usedDocuments[documentHash];
    }

    /// @inheritdoc IEnclaveRegistry
    function bindingHash(address operator, bytes32 tlsKeyHash) public view returns (bytes32) {
        return keccak256(abi.encode(BINDING_DOMAIN, block.chainid, address(this), operator, tlsKeyHash));
    }

    /// @inheritdoc IEnclaveRegistry
    function nonceOf(bytes32 blockHash, bytes32 binding) public pure returns (bytes32) {
        return keccak256(abi.encode(blockHash, binding));
    }

    function _storage() private pure returns (Storage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
