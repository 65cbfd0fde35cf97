// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ModelId} from "../types/ModelId.sol";
import {Tier, TierSet} from "../types/Tier.sol";
import {VerificationKey} from "../types/VerificationKey.sol";

/// @notice What a publisher says of a model when registering it.
/// @param contentHash keccak256 of the model's manifest, which names every file by its hash.
/// @param uri Where the files are; only announced, never read on chain.
/// @param tiers Tiers the model is offered in.
/// @param key Verification key of its circuit; required for the tiers that need a proof, zero otherwise.
/// @param inputSize Length of one inference's input in bytes, as the chain sees it; required with a key.
/// @param outputSize Length of one inference's output in bytes; required with a key.
/// @param inferences Inferences that one proof under the key carries, and that one request may ask for; required with a key,
/// zero otherwise.
/// @param computeUnits Work of one inference, in the network's units.
/// @param royalty OPG in wei that the publisher receives per inference.
struct ModelRegistration {
    bytes32 contentHash;
    string uri;
    TierSet tiers;
    VerificationKey key;
    uint32 inputSize;
    uint32 outputSize;
    uint16 inferences;
    uint64 computeUnits;
    uint96 royalty;
}

/// @notice What the registry knows of a model.
struct Model {
    uint96 royalty; // slot 0: 96 bits; all that making a request reads
    uint64 computeUnits; // 64
    uint32 inputSize; // 32
    uint32 outputSize; // 32
    TierSet tiers; // 8; not empty exactly if the model is registered
    bool retired; // 8
    uint16 inferences; // 16
    address publisher; // slot 1: 160 bits
    uint96 deposit; // 96
    VerificationKey key; // slot 2
    bytes32 contentHash; // slot 3
}

/// @notice What making a request needs to know of a model; see {ModelRegistration}.
struct ModelOffer {
    uint96 royalty;
    uint64 computeUnits;
    uint32 inputSize;
    uint32 outputSize;
    uint16 inferences;
}

/// @title Models by content
/// @notice A model's content, key and sizes never change; its price, publisher and availability do.
interface IModelRegistry {
    /// @notice A model was registered.
    event ModelRegistered(
        ModelId indexed modelId,
        address indexed publisher,
        ModelRegistration registration,
        uint256 deposit
    );

    /// @notice A model takes no new requests; its deposit was paid back.
    event ModelRetired(ModelId indexed modelId, address indexed publisher, uint256 deposit);

    /// @notice A publisher offered a model to a successor.
    event ModelPublisherOffered(ModelId indexed modelId, address indexed publisher, address indexed successor);

    /// @notice A model has a new publisher.
    event ModelPublisherChanged(ModelId indexed modelId, address indexed previous, address indexed publisher);

    /// @notice New requests for a model are priced differently.
    event ModelPricingChanged(ModelId indexed modelId, uint64 computeUnits, uint96 royalty);

    /// @notice Registering costs another deposit from now on.
    event ModelDepositChanged(uint96 deposit);

    /// @notice No model has this id.
    error ModelRegistryUnknownModel(ModelId modelId);

    /// @notice This publisher registered this content under this key before.
    error ModelRegistryAlreadyRegistered(ModelId modelId);

    /// @notice The model is retired.
    error ModelRegistryRetired(ModelId modelId);

    /// @notice Only the publisher, or the successor it named, may do this.
    error ModelRegistryNotPublisher(ModelId modelId, address caller, address publisher);

    /// @notice The model's content must be named.
    error ModelRegistryNoContent();

    /// @notice No tier, or one that does not exist.
    error ModelRegistryBadTiers(TierSet tiers);

    /// @notice The Proven and Optimistic tiers need a registered key; the others take none.
    error ModelRegistryBadKey(VerificationKey key, TierSet tiers);

    /// @notice With a key, inputs and outputs of all inferences of a proof must have together from 1 to `limit` bytes.
    error ModelRegistryBadSize(uint256 inputSize, uint256 outputSize, uint256 limit);

    /// @notice A proof carries from one to `limit` inferences; a model without a key has none.
    error ModelRegistryBadInferences(uint256 inferences, uint256 limit);

    /// @notice The model is not offered in this tier.
    error ModelRegistryTierNotOffered(ModelId modelId, Tier tier);

    /// @notice Registers a model; takes the deposit from the caller, who must have approved it.
    function register(ModelRegistration calldata registration) external returns (ModelId modelId);

    /// @notice Ends a model: no new requests, and the deposit goes back to the publisher. Pending requests are served.
    function retire(ModelId modelId) external;

    /// @notice Offers the model, its royalties and its deposit to `successor`, who must accept. Zero withdraws the offer.
    function transferPublisher(ModelId modelId, address successor) external;

    /// @notice Takes over a model that was offered to the caller.
    function acceptPublisher(ModelId modelId) external;

    /// @notice Sets the price of future requests; pending ones keep theirs.
    function setPricing(ModelId modelId, uint64 computeUnits, uint96 royalty) external;

    /// @notice Sets the deposit of future registrations, in OPG wei. Governance only.
    function setDeposit(uint96 deposit) external;

    /// @notice Deposit taken by `register`, in OPG wei.
    function depositRequired() external view returns (uint96);

    /// @notice Everything the registry knows of a model; reverts for an unknown one. Retired models stay readable.
    function model(ModelId modelId) external view returns (Model memory);

    /// @notice Reverts unless the model takes requests in this tier; returns what pricing and checking one needs.
    function requireOffered(ModelId modelId, Tier tier) external view returns (ModelOffer memory);

    /// @notice Who gets the model's royalties; also for retired models.
    function publisherOf(ModelId modelId) external view returns (address);

    /// @notice Id under which `publisher` registers a model.
    function modelIdOf(
        address publisher,
        bytes32 contentHash,
        VerificationKey key,
        uint256 inputSize,
        uint256 outputSize
    ) external pure returns (ModelId);
}
