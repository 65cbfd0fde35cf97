// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DemandPrice} from "../../../contracts/libraries/DemandPrice.sol";

/// @title 16. A window moves the price by at most an eighth, up or down, and never beyond its maximum
contract PriceStep {
    function property(uint64 price, uint64 served, uint48 target) external pure {
        require(target != 0 && price <= DemandPrice.MAX_PRICE);
        uint256 next = DemandPrice.afterWindow(price, served, target);
        assert(next * 8 <= uint256(price) * 9);
        assert(next * 8 >= uint256(price) * 7);
        assert(next <= DemandPrice.MAX_PRICE);
    }
}

/// @title 17. More demand never means a lower price
contract PriceInOrder {
    function property(uint64 price, uint64 served, uint64 more, uint48 target) external pure {
        require(target != 0 && price <= DemandPrice.MAX_PRICE && served <= more);
        uint256 next = DemandPrice.afterWindow(price, served, target);
        assert(next <= DemandPrice.afterWindow(price, more, target));
    }
}

/// @title 18. The price falls below the target, rises above it, and stays at it
contract PriceDirection {
    function property(uint64 price, uint64 served, uint48 target) external pure {
        require(target != 0 && price <= DemandPrice.MAX_PRICE);
        uint256 next = DemandPrice.afterWindow(price, served, target);
        if (served <= target) assert(next <= price);
        if (served >= target) assert(next >= price);
    }
}
