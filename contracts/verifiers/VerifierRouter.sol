// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {InferenceClaim, IVerifier} from "../interfaces/IVerifier.sol";
import {IVerifierRouter} from "../interfaces/IVerifierRouter.sol";
import {ProofKind, ProofKinds} from "../types/ProofKind.sol";
import {Tier} from "../types/Tier.sol";

/// @title VerifierRouter
/// @dev Not upgradeable: a settlement's meaning must not change under a pending request.
/// @custom:security-contact security@opengradient.ai
contract VerifierRouter is IVerifierRouter, AccessManaged {
    enum RouteStatus {
        Unset,
        Open,
        Closed
    }

    /// @dev One slot.
    struct Route {
        IVerifier verifier; // 160 bits
        Tier tier; // 8 bits
        RouteStatus status; // 8 bits
    }

    mapping(ProofKind kind => Route route) private _routes;

    constructor(address authority) AccessManaged(authority) {}

    /// @inheritdoc IVerifierRouter
    function openRoute(ProofKind kind, Tier tier, IVerifier verifier) external restricted {
        require(_routes[kind].status == RouteStatus.Unset, VerifierRouterRouteTaken(kind));
        require(address(verifier).code.length != 0, VerifierRouterNotAContract(address(verifier)));

        _routes[kind] = Route({verifier: verifier, tier: tier, status: RouteStatus.Open});
        emit RouteOpened(kind, tier, verifier);
    }

    /// @inheritdoc IVerifierRouter
    function closeRoute(ProofKind kind) external restricted {
        require(_routes[kind].status == RouteStatus.Open, VerifierRouterNoRoute(kind));

        _routes[kind].status = RouteStatus.Closed;
        emit RouteClosed(kind);
    }

    /// @inheritdoc IVerifierRouter
    function verify(
        Tier tier,
        InferenceClaim calldata claim,
        bytes calldata output,
        bytes calldata evidence
    ) external view {
        (ProofKind kind, bytes calldata proof) = ProofKinds.split(evidence);
        route(kind, tier).verify(claim, output, proof);
    }

    /// @inheritdoc IVerifierRouter
    function route(ProofKind kind, Tier tier) public view returns (IVerifier verifier) {
        Route memory found = _routes[kind];
        require(found.status == RouteStatus.Open, VerifierRouterNoRoute(kind));
        require(found.tier == tier, VerifierRouterWrongTier(kind, found.tier, tier));
        return found.verifier;
    }
}
