// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What an Intel TDX quote says, once it was checked.
/// @param quoteHash keccak256 of the quote's signed part: what tells quotes apart.
/// @param registers MRTD ‖ RTMR0 ‖ RTMR1 ‖ RTMR2 ‖ RTMR3: 240 bytes.
/// @param reportData 64 bytes that the enclave chose.
struct TdxReport {
    bytes32 quoteHash;
    bytes registers;
    bytes reportData;
}

/// @title Intel TDX quotes
interface ITdxVerifier {
    /// @notice Checks a quote by the DCAP contract and the policy for its platform; reverts with the reason.
    /// @dev Whatever value is sent along pays the DCAP contract's fee, and `refundTo` gets back what is left of it.
    function verify(bytes calldata quote, address payable refundTo) external payable returns (TdxReport memory);
}
