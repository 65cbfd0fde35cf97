// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Tier} from "../types/Tier.sol";
import {PriceState} from "./IFeePolicy.sol";

/// @title The price of work now; see {IFeePolicy}
interface IWorkMeter {
    /// @notice A window began, with this price of a unit of work in OPG wei; it ends at `windowEnd` (Unix time in seconds).
    event UnitPriceChanged(uint256 unitPrice, uint256 windowEnd);

    /// @notice Stores the window that holds now, if the stored one has ended. Anyone may: it changes no price.
    function closeWindows() external;

    /// @notice Price of an inference now, in OPG wei, without royalty. Exact: nothing is rounded.
    /// @param computeUnits Work of one inference, as the model's registration says.
    /// @param inputUnits Bytes of input.
    /// @param outputUnits Bytes of output that the model always gives; zero if that differs.
    function quote(
        uint256 computeUnits,
        Tier tier,
        uint256 inputUnits,
        uint256 outputUnits
    ) external view returns (uint256 fee);

    /// @notice The window that holds now.
    function priceState() external view returns (PriceState memory);
}
