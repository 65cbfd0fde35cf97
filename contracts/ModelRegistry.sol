// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Governed} from "./governance/Governed.sol";
import {IGroth16Verifier} from "./interfaces/IGroth16Verifier.sol";
import {IModelRegistry, Model, ModelOffer, ModelRegistration} from "./interfaces/IModelRegistry.sol";
import {ModelId, ModelIds} from "./types/ModelId.sol";
import {ALL_TIERS, Tier, TierSet} from "./types/Tier.sol";
import {NO_KEY, VerificationKey} from "./types/VerificationKey.sol";

/// @title ModelRegistry
/// @dev An id is the hash of publisher, content, key and sizes, which never change. Neither does the number of inferences in a
/// proof, which is not in it: the content and the proof itself say it. A publisher who sets up new keys registers a new model.
///
/// WHAT THIS TRUSTS
///
/// - The publisher, to register the key, the sizes and the inferences of the circuit that belongs to the content. A payer who
///   wants to be sure compiles the content and compares; nodes compare with the package they serve.
/// - OPG, to move exactly what it says.
/// @custom:security-contact security@opengradient.ai
contract ModelRegistry is IModelRegistry, Governed, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @custom:storage-location erc7201:opengradient.storage.ModelRegistry
    struct Storage {
        mapping(ModelId modelId => Model) models;
        mapping(ModelId modelId => address) successors;
        uint96 deposit;
    }

    /// @notice Longest input or output that one proof of a model is about, in bytes: it is calldata of the settlement, and nodes
    /// take no transaction of more than 128 KiB.
    uint256 public constant MAX_PROVEN_SIZE = 61_440;

    /// @notice Most inferences in a proof. Whoever needs one of them pays gas for the place of each.
    uint256 public constant MAX_INFERENCES = 1_024;

    bytes32 private constant STORAGE_SLOT = bytes32(erc7201("opengradient.storage.ModelRegistry"));

    /// @notice Deposits are in OPG.
    IERC20 public immutable OPG_TOKEN;

    /// @notice Where keys are stored.
    IGroth16Verifier public immutable GROTH16_VERIFIER;

    constructor(IERC20 opg, IGroth16Verifier groth16Verifier) {
        OPG_TOKEN = opg;
        GROTH16_VERIFIER = groth16Verifier;
    }

    /// @notice Sets up the proxy.
    /// @param authority The access manager.
    /// @param deposit Refundable deposit per model, in OPG wei.
    function initialize(address authority, uint96 deposit) external initializer {
        __AccessManaged_init(authority);
        _setDeposit(deposit);
    }

    // CREATE

    /// @inheritdoc IModelRegistry
    function register(ModelRegistration calldata registration) external nonReentrant returns (ModelId modelId) {
        Storage storage $ = _storage();
        _requireConsistent(registration);
        modelId = modelIdOf(
            msg.sender,
            registration.contentHash,
            registration.key,
            registration.inputSize,
            registration.outputSize
        );
        require($.models[modelId].tiers.isEmpty(), ModelRegistryAlreadyRegistered(modelId));

        uint96 deposit = $.deposit;
        $.models[modelId] = Model({
            royalty: registration.royalty,
            computeUnits: registration.computeUnits,
            inputSize: registration.inputSize,
            outputSize: registration.outputSize,
            tiers: registration.tiers,
            retired: false,
            inferences: registration.inferences,
            publisher: msg.sender,
            deposit: deposit,
            key: registration.key,
            contentHash: registration.contentHash
        });
        emit ModelRegistered(modelId, msg.sender, registration, deposit);

        OPG_TOKEN.safeTransferFrom(msg.sender, address(this), deposit);
    }

    function _requireConsistent(ModelRegistration calldata registration) private view {
        TierSet tiers = registration.tiers;
        VerificationKey key = registration.key;
        uint256 inferences = registration.inferences;
        require(registration.contentHash != bytes32(0), ModelRegistryNoContent());
        require(!tiers.isEmpty() && tiers.isSubsetOf(ALL_TIERS), ModelRegistryBadTiers(tiers));

        if (tiers.contains(Tier.Proven) || tiers.contains(Tier.Optimistic)) {
            require(GROTH16_VERIFIER.isRegistered(key), ModelRegistryBadKey(key, tiers));
            require(
                inferences != 0 && inferences <= MAX_INFERENCES,
                ModelRegistryBadInferences(inferences, MAX_INFERENCES)
            );
            _requireProvable(inferences * registration.inputSize, inferences * registration.outputSize);
        } else {
            require(key == NO_KEY, ModelRegistryBadKey(key, tiers));
            require(inferences == 0, ModelRegistryBadInferences(inferences, 0));
        }
    }

    /// @dev Of all inferences of a proof together.
    function _requireProvable(uint256 inputSize, uint256 outputSize) private pure {
        require(
            inputSize != 0 && inputSize <= MAX_PROVEN_SIZE && outputSize != 0 && outputSize <= MAX_PROVEN_SIZE,
            ModelRegistryBadSize(inputSize, outputSize, MAX_PROVEN_SIZE)
        );
    }

    // CHANGE

    /// @inheritdoc IModelRegistry
    function transferPublisher(ModelId modelId, address successor) external {
        _requirePublisher(modelId);

        _storage().successors[modelId] = successor;
        emit ModelPublisherOffered(modelId, msg.sender, successor);
    }

    /// @inheritdoc IModelRegistry
    function acceptPublisher(ModelId modelId) external {
        Storage storage $ = _storage();
        address successor = $.successors[modelId];
        require(successor == msg.sender, ModelRegistryNotPublisher(modelId, msg.sender, successor));

        address previous = $.models[modelId].publisher;
        $.models[modelId].publisher = successor;
        delete $.successors[modelId];
        emit ModelPublisherChanged(modelId, previous, successor);
    }

    /// @inheritdoc IModelRegistry
    function setPricing(ModelId modelId, uint64 computeUnits, uint96 royalty) external {
        Model storage found = _requirePublisher(modelId);

        found.computeUnits = computeUnits;
        found.royalty = royalty;
        emit ModelPricingChanged(modelId, computeUnits, royalty);
    }

    // CLOSE

    /// @inheritdoc IModelRegistry
    function retire(ModelId modelId) external nonReentrant {
        Model storage found = _requirePublisher(modelId);
        require(!found.retired, ModelRegistryRetired(modelId));

        uint256 deposit = found.deposit;
        found.retired = true;
        found.deposit = 0;
        emit ModelRetired(modelId, msg.sender, deposit);

        OPG_TOKEN.safeTransfer(msg.sender, deposit);
    }

    // GOVERN

    /// @inheritdoc IModelRegistry
    function setDeposit(uint96 deposit) external restricted {
        _setDeposit(deposit);
    }

    function _setDeposit(uint96 deposit) private {
        _storage().deposit = deposit;
        emit ModelDepositChanged(deposit);
    }

    // READ

    /// @inheritdoc IModelRegistry
    function depositRequired() external view returns (uint96) {
        return _storage().deposit;
    }

    /// @inheritdoc IModelRegistry
    function model(ModelId modelId) external view returns (Model memory) {
        return _requireKnown(modelId);
    }

    /// @inheritdoc IModelRegistry
    function requireOffered(ModelId modelId, Tier tier) external view returns (ModelOffer memory) {
        Model storage found = _requireKnown(modelId);
        require(!found.retired, ModelRegistryRetired(modelId));
        require(found.tiers.contains(tier), ModelRegistryTierNotOffered(modelId, tier));
        return
            ModelOffer({
                royalty: found.royalty,
                computeUnits: found.computeUnits,
                inputSize: found.inputSize,
                outputSize: found.outputSize,
                inferences: found.inferences
            });
    }

    /// @inheritdoc IModelRegistry
    function publisherOf(ModelId modelId) external view returns (address) {
        return _requireKnown(modelId).publisher;
    }

    /// @inheritdoc IModelRegistry
    function modelIdOf(
        address publisher,
        bytes32 contentHash,
        VerificationKey key,
        uint256 inputSize,
        uint256 outputSize
    ) public pure returns (ModelId) {
        return ModelIds.modelIdOf(ModelIds.originOf(publisher, contentHash), key, inputSize, outputSize);
    }

    function _requireKnown(ModelId modelId) private view returns (Model storage found) {
        found = _storage().models[modelId];
        require(!found.tiers.isEmpty(), ModelRegistryUnknownModel(modelId));
    }

    function _requirePublisher(ModelId modelId) private view returns (Model storage found) {
        found = _requireKnown(modelId);
        require(found.publisher == msg.sender, ModelRegistryNotPublisher(modelId, msg.sender, found.publisher));
    }

    function _storage() private pure returns (Storage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
