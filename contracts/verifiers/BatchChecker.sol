// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBatchChecker} from "../interfaces/IBatchChecker.sol";
import {IBatchVerifier} from "../interfaces/IBatchVerifier.sol";
import {Fulfilment} from "../interfaces/IInferenceMarket.sol";
import {InferenceClaim, IVerifier} from "../interfaces/IVerifier.sol";
import {IVerifierRouter} from "../interfaces/IVerifierRouter.sol";
import {ProofKind, ProofKinds} from "../types/ProofKind.sol";
import {RequestId} from "../types/RequestId.sol";
import {Tier} from "../types/Tier.sol";

/// @title BatchChecker
/// @dev Brings a market's answers into the form that {IBatchVerifier} takes. A contract of its own, because the market has no
/// room left for it; it stores nothing, and its caller is the market of every claim.
/// @custom:security-contact security@opengradient.ai
contract BatchChecker is IBatchChecker {
    IVerifierRouter public immutable VERIFIER_ROUTER;

    constructor(IVerifierRouter verifierRouter) {
        VERIFIER_ROUTER = verifierRouter;
    }

    /// @inheritdoc IBatchChecker
    function holdTogether(
        RequestId[] calldata requestIds,
        Fulfilment[] calldata fulfilments
    ) external view returns (bool) {
        uint256[] memory places = _provenOf(fulfilments);
        uint256 count = places.length;
        // One is cheaper to check on its own.
        if (count < 2) return false;

        (IVerifier verifier, ) = _verifierOf(fulfilments[places[0]].evidence);
        InferenceClaim[] memory claims = new InferenceClaim[](count);
        bytes[] memory outputs = new bytes[](count);
        bytes[] memory proofs = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            Fulfilment calldata fulfilment = fulfilments[places[i]];
            claims[i] = _claimOf(requestIds[places[i]], fulfilment);
            outputs[i] = fulfilment.output;
            IVerifier other;
            (other, proofs[i]) = _verifierOf(fulfilment.evidence);
            if (address(other) != address(verifier)) return false;
        }
        return IBatchVerifier(address(verifier)).verifyBatch(claims, outputs, proofs);
    }

    function _claimOf(
        RequestId requestId,
        Fulfilment calldata fulfilment
    ) private view returns (InferenceClaim memory) {
        return
            InferenceClaim({
                market: msg.sender,
                modelId: fulfilment.terms.modelId,
                requestId: requestId,
                node: fulfilment.node,
                inputHash: fulfilment.terms.inputHash
            });
    }

    /// @dev Where the answers of the Proven tier are.
    function _provenOf(Fulfilment[] calldata fulfilments) private pure returns (uint256[] memory places) {
        places = new uint256[](fulfilments.length);
        uint256 count = 0;
        for (uint256 i = 0; i < fulfilments.length; ++i) {
            if (fulfilments[i].terms.tier == Tier.Proven) places[count++] = i;
        }
        assembly ("memory-safe") {
            mstore(places, count) // never more than it was
        }
    }

    function _verifierOf(bytes calldata evidence) private view returns (IVerifier verifier, bytes calldata proof) {
        ProofKind kind;
        (kind, proof) = ProofKinds.split(evidence);
        verifier = VERIFIER_ROUTER.route(kind, Tier.Proven);
    }
}
