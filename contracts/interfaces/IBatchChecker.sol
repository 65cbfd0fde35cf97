// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RequestId} from "../types/RequestId.sol";
import {Fulfilment} from "./IInferenceMarket.sol";

/// @title Checks many answers at once
interface IBatchChecker {
    /// @notice Whether the evidence of all these answers of the Proven tier holds for requests of the caller, checked together;
    /// answers of other tiers are passed over. Reverts, or is false, if they cannot be checked together. Says nothing about
    /// whether the requests are open.
    /// @param requestIds Id of each answer's request.
    function holdTogether(
        RequestId[] calldata requestIds,
        Fulfilment[] calldata fulfilments
    ) external view returns (bool);
}
