// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ProofKind} from "../types/ProofKind.sol";
import {Tier} from "../types/Tier.sol";
import {InferenceClaim, IVerifier} from "./IVerifier.sol";

/// @title Which verifier reads which kind of evidence
/// @notice A route is set once. It can be closed for good, never changed: evidence checked by one verifier today is not
/// checked by another tomorrow.
interface IVerifierRouter {
    /// @notice Evidence of a kind is now checked by a verifier and counts as a tier.
    event RouteOpened(ProofKind indexed kind, Tier indexed tier, IVerifier verifier);

    /// @notice Evidence of a kind is no longer accepted.
    event RouteClosed(ProofKind indexed kind);

    /// @notice There is no verifier for this kind of evidence, or its route was closed.
    error VerifierRouterNoRoute(ProofKind kind);

    /// @notice The kind of evidence counts as another tier than the one asked for.
    error VerifierRouterWrongTier(ProofKind kind, Tier tier, Tier wanted);

    /// @notice The kind was routed before; routes are never replaced.
    error VerifierRouterRouteTaken(ProofKind kind);

    /// @notice The verifier is not a contract.
    error VerifierRouterNotAContract(address verifier);

    /// @notice Opens a route. Governance only, behind its delay.
    function openRoute(ProofKind kind, Tier tier, IVerifier verifier) external;

    /// @notice Closes a route for good. Governance only, behind its delay.
    function closeRoute(ProofKind kind) external;

    /// @notice The verifier for a kind of evidence; reverts if it does not count as `tier`.
    function route(ProofKind kind, Tier tier) external view returns (IVerifier verifier);

    /// @notice Checks evidence as a settlement of tier `tier` would: reverts unless it shows the claim to be true.
    /// @param evidence {ProofKind} (4 bytes) ‖ what its verifier reads.
    function verify(
        Tier tier,
        InferenceClaim calldata claim,
        bytes calldata output,
        bytes calldata evidence
    ) external view;
}
