// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev What a batch puts at risk, and for how long. A batch keeps the terms under which it was committed.
/// @param minCollateral OPG in wei of its stake that a node puts behind any batch.
/// @param collateralBps The same for each fee in it, in basis points of the fee.
/// @param challengeWindow Seconds in which a batch can be challenged.
/// @param responseWindow Seconds that a node has to show what was demanded.
/// @param proveWindow Seconds that a node has to prove an answer.
/// @param verifierBps Share of a batch's fees that its node pays to the verifiers that stand for it, in basis points.
/// @param quorumBps Stake of verifiers that earns all of it, in basis points of the batch's collateral.
/// @param demandBond OPG in wei that a demand for a receipt costs if it is answered.
/// @param proofBond The same of a demand for a proof.
struct LedgerTerms {
    uint96 minCollateral; // slot 0: 96 bits
    uint32 collateralBps; // 32
    uint32 challengeWindow; // 32
    uint32 responseWindow; // 32
    uint32 proveWindow; // 32
    uint16 verifierBps; // 16
    uint16 quorumBps; // 16
    uint96 demandBond; // slot 1: 96 bits
    uint96 proofBond; // 96
}
