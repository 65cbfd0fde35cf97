// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BasisPoints} from "../../../contracts/libraries/BasisPoints.sol";
import {InferenceRequest} from "../../../contracts/types/InferenceRequest.sol";

/// @title 11. A share in basis points is rounded down, by less than a wei, and never more than the whole
contract ShareOfAmount {
    function property(uint128 amount, uint16 bps) external pure {
        require(bps <= BasisPoints.ONE);
        uint256 share = BasisPoints.shareDown(amount, bps);
        assert(share <= amount);
        assert(share * BasisPoints.ONE <= uint256(amount) * bps);
        assert(uint256(amount) * bps < (share + 1) * BasisPoints.ONE);
    }
}

/// @title 12. Collecting earnings in parts never costs a node more than collecting them at once
contract ShareOfParts {
    function property(uint128 one, uint128 other, uint16 bps) external pure {
        uint256 parts = BasisPoints.shareDown(one, bps) + BasisPoints.shareDown(other, bps);
        assert(parts <= BasisPoints.shareDown(uint256(one) + other, bps));
    }
}

/// @title 13. An offer stays between its least and its most
contract OfferInRange {
    function property(InferenceRequest calldata terms, uint40 time) external pure {
        require(terms.minFee <= terms.maxFee && time >= terms.rampStart);
        uint256 fee = terms.feeAt(time);
        assert(terms.minFee <= fee && fee <= terms.maxFee);
    }
}

/// @title 14. An offer never falls while time passes
contract OfferRises {
    function property(InferenceRequest calldata terms, uint40 time, uint40 later) external pure {
        require(terms.minFee <= terms.maxFee && time >= terms.rampStart && later >= time);
        assert(terms.feeAt(time) <= terms.feeAt(later));
    }
}

/// @title 15. An offer is exact at both ends, and in between rounded for the payer by less than a wei
contract OfferOnLine {
    function property(InferenceRequest calldata terms, uint32 elapsed) external pure {
        require(terms.minFee <= terms.maxFee);
        uint256 start = terms.rampStart;
        assert(terms.feeAt(start + terms.rampSeconds) == terms.maxFee);
        if (terms.rampSeconds != 0) assert(terms.feeAt(start) == terms.minFee);

        if (elapsed >= terms.rampSeconds) return;
        uint256 risen = terms.feeAt(start + elapsed) - terms.minFee;
        uint256 line = uint256(terms.maxFee - terms.minFee) * elapsed;
        assert(risen * terms.rampSeconds <= line);
        assert(line < (risen + 1) * terms.rampSeconds);
    }
}
