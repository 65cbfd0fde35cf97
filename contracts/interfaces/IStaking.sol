// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice An operator's stake.
struct StakePool {
    uint128 stake; // OPG in wei at stake, collateral included
    uint128 locked; // part of `stake` that is collateral of something
}

/// @notice Stake on its way out.
struct Unbonding {
    uint128 amount; // OPG in wei
    uint40 releaseTime; // Unix time in seconds from which it can be withdrawn
}

/// @notice A claim against a node's collateral.
/// @param operator Node that failed.
/// @param amount Collateral to take, in OPG wei.
/// @param payer Who was harmed.
/// @param harm What the payer is compensated for at most, in OPG wei.
/// @param reporter Who brought the failure on chain.
struct SlashOrder {
    address operator;
    uint128 amount;
    address payer;
    uint96 harm;
    address reporter;
}

/// @title Stake of node operators
/// @notice Holds OPG that operators put at risk, what was slashed of it until it is handed on, and nothing else: at all times
/// `OPG.balanceOf(staking) ≥ Σ pool.stake + Σ unbonding.amount + Σ proceeds + treasury's proceeds`.
///
/// Collateral can be unlocked or slashed only by the contract that locked it. Governance decides which contracts may lock.
interface IStaking {
    /// @notice Stake was added to an operator's pool.
    event StakeAdded(address indexed operator, address indexed from, uint256 amount);

    /// @notice Stake left a pool and waits out the unbonding period.
    event UnstakeBegun(address indexed operator, uint256 amount, uint256 releaseTime);

    /// @notice Unbonded stake was paid out.
    event UnstakeFinished(address indexed operator, address indexed to, uint256 amount);

    /// @notice Stake became collateral.
    event CollateralLocked(address indexed operator, address indexed locker, uint256 amount);

    /// @notice Collateral became free stake again.
    event CollateralUnlocked(address indexed operator, address indexed locker, uint256 amount);

    /// @notice Collateral was taken; the three parts add up to `amount`.
    event Slashed(
        address indexed operator,
        address indexed payer,
        address indexed reporter,
        uint256 amount,
        uint256 compensation,
        uint256 reward,
        uint256 treasuryAmount
    );

    /// @notice Slashed stake moved to the `FeeEscrow` balance of whom it is owed to.
    event ProceedsHandedOn(address indexed account, uint256 amount);

    /// @notice Stake begun to be withdrawn from now on waits this many seconds.
    event UnbondingPeriodChanged(uint256 unbondingSeconds);

    /// @notice Reporters of failures get this share of what is left after compensation.
    event ReporterShareChanged(uint256 shareBps);

    /// @notice An amount of zero moves nothing.
    error StakingZeroAmount();

    /// @notice Nobody to pay.
    error StakingZeroAddress();

    /// @notice The operator has less free stake than asked for.
    error StakingInsufficientStake(address operator, uint256 free, uint256 needed);

    /// @notice The caller has locked less of the operator's stake than asked for.
    error StakingInsufficientCollateral(address operator, address locker, uint256 locked, uint256 needed);

    /// @notice Nothing of the operator's is unbonding.
    error StakingNothingUnbonding(address operator);

    /// @notice The unbonding period is not over.
    error StakingStillUnbonding(uint256 timestamp, uint256 releaseTime);

    /// @notice The unbonding period would be too short for claims against stake, or too long for its owners.
    error StakingBadUnbondingPeriod(uint256 unbondingSeconds, uint256 minimum, uint256 maximum);

    /// @notice The reporters' share is above the hard cap.
    error StakingShareTooHigh(uint256 shareBps, uint256 limitBps);

    /// @notice Adds OPG of the caller to an operator's stake. The caller must have approved this contract.
    function stake(address operator, uint256 amount) external;

    /// @notice Adds OPG of the operator itself to its stake. Only `NodeRegistry`, so that registering and staking is one
    /// transaction; the operator must have approved this contract.
    function stakeFrom(address operator, uint256 amount) external;

    /// @notice Takes free stake of the caller out of its pool; it can be withdrawn after the unbonding period. Stake that is
    /// unbonding already starts to wait again, together with the new.
    function beginUnstake(uint256 amount) external;

    /// @notice Pays out the caller's unbonded stake, once the period is over.
    function withdraw(address to) external returns (uint256 amount);

    /// @notice Makes free stake of an operator collateral of the caller. Only contracts that governance lets.
    function lock(address operator, uint256 amount) external;

    /// @notice Makes collateral of the caller free stake again.
    function unlock(address operator, uint256 amount) external;

    /// @notice Takes collateral of the caller: first for the payer up to the harm done, then a share of the rest for the
    /// reporter, then for the treasury. It is owed to them until somebody calls `handOn`.
    function slash(SlashOrder calldata order) external;

    /// @notice Moves what slashes left to an account into its `FeeEscrow` balance. Anyone may call.
    function handOn(address account) external returns (uint256 amount);

    /// @notice Moves what slashes left to the treasury into its `FeeEscrow` balance. Anyone may call.
    function handOnTreasury() external returns (uint256 amount);

    /// @notice Sets the unbonding period within the bounds of {Durations}; what is unbonding keeps its time. Governance only.
    function setUnbondingPeriod(uint32 unbondingSeconds) external;

    /// @notice Sets the reporters' share, at most `MAX_REPORTER_BPS`. Governance only.
    function setReporterShare(uint16 shareBps) external;

    /// @notice An operator's stake and how much of it is locked.
    function poolOf(address operator) external view returns (StakePool memory);

    /// @notice How much of an operator's stake is collateral of `locker`, in OPG wei.
    function collateralOf(address operator, address locker) external view returns (uint256);

    /// @notice What slashes left to an account and was not handed on, in OPG wei.
    function proceedsOf(address account) external view returns (uint256);

    /// @notice What slashes left to the treasury and was not handed on, in OPG wei.
    function treasuryProceeds() external view returns (uint256);

    /// @notice What an operator is withdrawing.
    function unbondingOf(address operator) external view returns (Unbonding memory);

    /// @notice Seconds between beginning to unstake and withdrawing.
    function unbondingPeriod() external view returns (uint32);

    /// @notice Share of a slash, after compensation, that goes to whoever reported it, in basis points.
    function reporterShare() external view returns (uint16);
}
