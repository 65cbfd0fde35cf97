// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFeePolicy} from "../interfaces/IFeePolicy.sol";
import {PriceBook} from "../market/PriceBook.sol";
import {WorkMeter} from "../market/WorkMeter.sol";

/// @title OpenWorkMeter
/// @notice For tests: a meter that counts whatever it is told.
contract OpenWorkMeter is WorkMeter {
    constructor(IFeePolicy policy) PriceBook(policy) {}

    function observe(uint256 work) external {
        _observe(work);
    }
}
