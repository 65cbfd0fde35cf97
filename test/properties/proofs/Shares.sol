// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {StakeShares} from "../../../contracts/libraries/StakeShares.sol";

// A pool has `assets` OPG wei and `shares` shares. Its price is (assets + VIRTUAL_ASSETS) / (shares + VIRTUAL_SHARES);
// prices are compared by multiplying across. 96 bits are 64 times OPG's supply.

/// @title 1. Whoever buys shares and sells them at once gains nothing
contract BuyAndSell {
    function property(uint96 amount, uint96 assets, uint128 shares) external pure {
        uint256 bought = StakeShares.toSharesDown(amount, assets, shares);
        // As `Staking.delegate` requires.
        require(bought <= amount * StakeShares.MAX_SHARES_PER_WEI);
        uint256 returned = StakeShares.toAssetsDown(bought, uint256(assets) + amount, shares + bought);
        assert(returned <= amount);
    }
}

/// @title 2. A purchase is rounded against the buyer, by less than a share
contract PurchaseRounding {
    function property(uint96 amount, uint96 assets, uint128 shares) external pure {
        uint256 bought = StakeShares.toSharesDown(amount, assets, shares);
        uint256 paid = amount * (shares + StakeShares.VIRTUAL_SHARES);
        uint256 price = assets + StakeShares.VIRTUAL_ASSETS;
        assert(bought * price <= paid);
        assert(paid < (bought + 1) * price);
    }
}

/// @title 3. A redemption is rounded against the holder, by less than a wei
contract RedemptionRounding {
    function property(uint128 part, uint96 assets, uint128 shares) external pure {
        uint256 returned = StakeShares.toAssetsDown(part, assets, shares);
        uint256 worth = part * (assets + StakeShares.VIRTUAL_ASSETS);
        uint256 all = shares + StakeShares.VIRTUAL_SHARES;
        assert(returned * all <= worth);
        assert(worth < (returned + 1) * all);
    }
}

/// @title 4. Buying shares never lowers their price
contract PriceAfterPurchase {
    function property(uint96 amount, uint96 assets, uint128 shares) external pure {
        uint256 bought = StakeShares.toSharesDown(amount, assets, shares);
        uint256 before = (assets + StakeShares.VIRTUAL_ASSETS) * (shares + bought + StakeShares.VIRTUAL_SHARES);
        uint256 after_ =
            (uint256(assets) + amount + StakeShares.VIRTUAL_ASSETS) * (shares + StakeShares.VIRTUAL_SHARES);
        assert(before <= after_);
    }
}

/// @title 5. Redeeming shares never lowers the price of the others, and never empties the pool of more than it has
contract PriceAfterRedemption {
    function property(uint128 part, uint96 assets, uint128 shares) external pure {
        require(part <= shares);
        uint256 returned = StakeShares.toAssetsDown(part, assets, shares);
        assert(returned <= assets);
        uint256 before = (assets + StakeShares.VIRTUAL_ASSETS) * (shares - part + StakeShares.VIRTUAL_SHARES);
        uint256 after_ = (assets - returned + StakeShares.VIRTUAL_ASSETS) * (shares + StakeShares.VIRTUAL_SHARES);
        assert(before <= after_);
    }
}

/// @title 6. What all holders have is worth no more than the pool, however many they are
/// @dev By induction: two holdings are worth no more than one of both, and one of all shares no more than the pool.
contract SumOfHoldings {
    function property(uint128 one, uint128 other, uint96 assets, uint128 shares) external pure {
        uint256 both = uint256(one) + other;
        uint256 worth = StakeShares.toAssetsDown(one, assets, shares) + StakeShares.toAssetsDown(other, assets, shares);
        assert(worth <= StakeShares.toAssetsDown(both, assets, shares));
        assert(StakeShares.toAssetsDown(shares, assets, shares) <= assets);
    }
}

/// @title 7. A slash takes from every holding the same proportion, to a wei
contract SlashInProportion {
    function property(uint128 part, uint96 assets, uint96 loss, uint128 shares) external pure {
        require(loss <= assets && part <= shares);
        uint256 before = StakeShares.toAssetsDown(part, assets, shares);
        uint256 after_ = StakeShares.toAssetsDown(part, assets - loss, shares);
        assert(after_ <= before);
        uint256 all = assets + StakeShares.VIRTUAL_ASSETS;
        uint256 left = assets - loss + StakeShares.VIRTUAL_ASSETS;
        assert(after_ * all < (before + 1) * left);
        assert(before * left < (after_ + 1) * all);
    }
}

/// @title 8. More shares are never worth less than fewer
contract SharesInOrder {
    function property(uint128 fewer, uint128 more, uint96 assets, uint128 shares) external pure {
        require(fewer <= more);
        uint256 less = StakeShares.toAssetsDown(fewer, assets, shares);
        assert(less <= StakeShares.toAssetsDown(more, assets, shares));
    }
}

/// @title 9. An attacker who inflates the first share gives away a thousand times what the next delegator loses, to 2 wei
contract InflationAttack {
    function property(uint96 first, uint96 gift, uint96 amount) external pure {
        uint256 attackers = StakeShares.toSharesDown(first, 0, 0);
        uint256 assets = uint256(first) + gift;
        uint256 given = assets - StakeShares.toAssetsDown(attackers, assets, attackers);

        uint256 bought = StakeShares.toSharesDown(amount, assets, attackers);
        uint256 lost = amount - StakeShares.toAssetsDown(bought, assets + amount, attackers + bought);
        assert(lost * StakeShares.VIRTUAL_SHARES <= given + 2 * StakeShares.VIRTUAL_SHARES);
    }
}

/// @title 10. The attacker of 9 never gets back more than it put in
contract InflationGain {
    function property(uint96 first, uint96 gift, uint96 amount) external pure {
        uint256 attackers = StakeShares.toSharesDown(first, 0, 0);
        uint256 assets = uint256(first) + gift;
        uint256 bought = StakeShares.toSharesDown(amount, assets, attackers);
        assert(StakeShares.toAssetsDown(attackers, assets + amount, attackers + bought) <= assets);
    }
}
