// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Intel DCAP quotes, as Automata's `AutomataDcapAttestationFee` checks them
interface IDcapAttestation {
    /// @notice Checks a quote against the collateral that is kept on chain.
    /// @dev The fee is a share of what the check's gas costs, often zero; what is left of the value goes back to the caller.
    /// @return success Whether the quote holds; its platform may be out of date all the same.
    /// @return output What the quote says, or the reason why it does not hold.
    function verifyAndAttestOnChain(
        bytes calldata rawQuote
    ) external payable returns (bool success, bytes memory output);
}
