// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice An operator's own stake, and the collateral of its pool.
struct StakePool {
    uint128 stake; // OPG in wei of the operator itself, without what is unbonding
    uint128 locked; // collateral, backed by `stake` first and then by delegated stake
}

/// @notice What others delegated to an operator.
struct DelegationPool {
    uint128 assets; // OPG in wei, what is unbonding included
    uint128 shares; // of `assets`, those that are unbonding included
    uint128 unbondingShares;
}

/// @notice What one delegator has with one operator.
struct Delegation {
    uint128 shares; // of the operator's delegation pool, without those that are unbonding
    uint128 units; // votes: what `shares` were worth when they last changed or were synchronised
}

/// @notice Stake on its way out.
struct Unbonding {
    uint128 amount; // OPG in wei, at what it is worth now
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

/// @title Stake of node operators and of those who delegate to them
/// @notice Holds OPG at risk, what was slashed of it until it is handed on, and nothing else: at all times
/// `OPG.balanceOf(staking) = Σ own stake + Σ own unbonding + Σ delegated + Σ proceeds + treasury's proceeds`.
///
/// Collateral can be unlocked or slashed only by the contract that locked it, and reclaimed once it expired. Governance
/// decides which contracts may lock.
interface IStaking {
    /// @notice An operator's own stake grew.
    event StakeAdded(address indexed operator, address indexed from, uint256 amount);

    /// @notice Somebody delegated to an operator.
    event StakeDelegated(address indexed operator, address indexed delegator, uint256 amount, uint256 shares);

    /// @notice A pool earned; `ownAmount` of it went to the operator's own stake, the rest to its delegators.
    event RewardsAdded(address indexed operator, address indexed from, uint256 amount, uint256 ownAmount);

    /// @notice An operator takes another share of rewards from `startTime` on.
    event CommissionAnnounced(address indexed operator, uint256 commissionBps, uint256 startTime);

    /// @notice Stake waits out the unbonding period; `amount` is what it is worth if it is not slashed.
    event UnstakeBegun(address indexed operator, address indexed staker, uint256 amount, uint256 releaseTime);

    /// @notice Unbonded stake was paid out.
    event UnstakeFinished(address indexed operator, address indexed staker, uint256 amount);

    /// @notice What is left of an operator's unbonding stake after it was slashed to almost nothing is stake again.
    event UnstakeUndone(address indexed operator, uint256 amount);

    /// @notice Stake became collateral, all of the locker's with this expiry.
    event CollateralLocked(address indexed operator, address indexed locker, uint256 amount, uint256 expiry);

    /// @notice Collateral became free stake again.
    event CollateralUnlocked(address indexed operator, address indexed locker, uint256 amount);

    /// @notice Collateral was taken; the three parts add up to `amount`, of which `delegatedAmount` was delegators' stake.
    event Slashed(
        address indexed operator,
        address indexed payer,
        address indexed reporter,
        uint256 amount,
        uint256 delegatedAmount,
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

    /// @notice Nobody to stake for.
    error StakingZeroAddress();

    /// @notice An operator stakes, it does not delegate to itself.
    error StakingSelfDelegation(address operator);

    /// @notice The amount is less than the smallest share of the pool is worth.
    error StakingAmountTooSmall(address operator, uint256 amount);

    /// @notice Almost all of the pool was slashed: it takes no new delegations.
    error StakingPoolDepleted(address operator);

    /// @notice The operator has less free stake than asked for.
    error StakingInsufficientStake(address operator, uint256 free, uint256 needed);

    /// @notice The delegator has fewer shares than asked for.
    error StakingInsufficientShares(address operator, address delegator, uint256 shares, uint256 needed);

    /// @notice The caller has locked less of the operator's stake than asked for.
    error StakingInsufficientCollateral(address operator, address locker, uint256 locked, uint256 needed);

    /// @notice Collateral must expire, in the future and not too late.
    error StakingBadExpiry(uint256 expiry, uint256 minimum, uint256 maximum);

    /// @notice The collateral has not expired.
    error StakingNotExpired(uint256 timestamp, uint256 expiry);

    /// @notice Nothing of the staker's is unbonding with the operator.
    error StakingNothingUnbonding(address operator, address staker);

    /// @notice The unbonding period of none of the tranches is over.
    error StakingStillUnbonding(uint256 timestamp, uint256 releaseTime);

    /// @notice As many tranches are unbonding as can be.
    error StakingTooManyTranches(address operator, address staker, uint256 limit);

    /// @notice The unbonding period would be too short for claims against stake, or too long for its owners.
    error StakingBadUnbondingPeriod(uint256 unbondingSeconds, uint256 minimum, uint256 maximum);

    /// @notice A share is above its hard cap.
    error StakingShareTooHigh(uint256 shareBps, uint256 limitBps);

    /// @notice Adds OPG of the caller to an operator's own stake, whoever the caller is. The caller must have approved this
    /// contract.
    function stake(address operator, uint256 amount) external;

    /// @notice Adds OPG of the operator itself to its stake. Only `NodeRegistry`, so that registering and staking is one
    /// transaction; the operator must have approved this contract.
    function stakeFrom(address operator, uint256 amount) external;

    /// @notice Delegates OPG of the caller to an operator, for shares of the operator's delegation pool, rounded down. The
    /// caller must have approved this contract. It bears losses after the operator's own stake, and gets the rewards less
    /// the commission. Warning: it can be slashed for what the operator does.
    /// @return shares What was bought.
    function delegate(address operator, uint256 amount) external returns (uint256 shares);

    /// @notice Adds OPG of the caller to what an operator's pool earned: the commission to the operator's own stake, the
    /// rest to the delegators; without delegated stake, all to the operator. Anyone may call; the caller must have approved
    /// this contract.
    function addRewards(address operator, uint256 amount) external;

    /// @notice Announces the caller's commission, at most `MAX_COMMISSION_BPS`. It takes effect with the first epoch that
    /// begins a whole `Durations.EPOCH` from now or later; an announcement not yet in force is replaced.
    function announceCommission(uint16 commissionBps) external;

    /// @notice Begins to take stake out; it can be withdrawn after the unbonding period, and slashed until it is withdrawn.
    /// At most `MAX_TRANCHES` can be unbonding for one staker with one operator. An operator cannot take out what is
    /// collateral; a delegator always can leave, see {withdraw}.
    /// @param amount For the operator itself, OPG in wei; for a delegator, shares.
    function beginUnstake(address operator, uint256 amount) external;

    /// @notice Pays a staker all of its stake with an operator whose unbonding period is over. Anyone may call. Reverts as
    /// long as collateral needs the stake: no collateral can be added or prolonged meanwhile, so not beyond its expiry.
    function withdraw(address operator, address staker) external returns (uint256 amount);

    /// @notice Makes free stake of an operator collateral of the caller, or with `amount` zero, only prolongs. Everything
    /// that the caller has locked then expires at the later of `expiry` and what was so far. Only contracts that
    /// governance lets.
    /// @param expiry Unix time in seconds, at most `Durations.MAX_COLLATERAL` from now.
    function lock(address operator, uint256 amount, uint40 expiry) external;

    /// @notice Makes collateral of the caller free stake again.
    function unlock(address operator, uint256 amount) external;

    /// @notice Makes collateral free stake again after its expiry, without its locker. Anyone may call, so that delegators
    /// do not depend on the operator.
    function reclaim(address operator, address locker) external returns (uint256 amount);

    /// @notice Takes collateral of the caller, or all there is if that is less; the operator's own stake first. Of that,
    /// the payer gets the harm done, the reporter a share of the rest. What is left, and all that was delegated, is the
    /// treasury's. It is owed to them until somebody calls `handOn`.
    /// @return amount What was taken; it may be zero.
    function slash(SlashOrder calldata order) external returns (uint256 amount);

    /// @notice Moves what slashes left to an account into its `FeeEscrow` balance. Anyone may call.
    function handOn(address account) external returns (uint256 amount);

    /// @notice Moves what slashes left to the treasury into its `FeeEscrow` balance. Anyone may call.
    function handOnTreasury() external returns (uint256 amount);

    /// @notice Makes a delegator's votes what its shares are worth now, after rewards or a slash. Anyone may call.
    function syncVotes(address operator, address delegator) external;

    /// @notice Sets the unbonding period within the bounds of {Durations}; what is unbonding keeps its time. Governance only.
    function setUnbondingPeriod(uint32 unbondingSeconds) external;

    /// @notice Sets the reporters' share, at most `MAX_REPORTER_BPS`. Governance only.
    function setReporterShare(uint16 shareBps) external;

    /// @notice An operator's own stake, and how much of its pool is locked.
    function poolOf(address operator) external view returns (StakePool memory);

    /// @notice What others delegated to an operator.
    function delegationPoolOf(address operator) external view returns (DelegationPool memory);

    /// @notice What one delegator has with an operator, unbonding shares aside.
    function delegationOf(address operator, address delegator) external view returns (Delegation memory);

    /// @notice What shares of an operator's delegation pool are worth, in OPG wei.
    function worthOf(address operator, uint256 shares) external view returns (uint256);

    /// @notice What can be slashed of an operator's pool at most, in OPG wei: all of it, unbonding stake included.
    function slashableOf(address operator) external view returns (uint256);

    /// @notice How much of an operator's stake is collateral of `locker`, in OPG wei.
    function collateralOf(address operator, address locker) external view returns (uint256);

    /// @notice When that collateral expires, in Unix seconds.
    function collateralExpiryOf(address operator, address locker) external view returns (uint40);

    /// @notice What slashes left to an account and was not handed on, in OPG wei.
    function proceedsOf(address account) external view returns (uint256);

    /// @notice What slashes left to the treasury and was not handed on, in OPG wei.
    function treasuryProceeds() external view returns (uint256);

    /// @notice What a staker is withdrawing from an operator's pool, at most `MAX_TRANCHES` tranches.
    function unbondingOf(address operator, address staker) external view returns (Unbonding[] memory);

    /// @notice The operator's share of rewards in force, in basis points.
    function commissionOf(address operator) external view returns (uint16);

    /// @notice Seconds between beginning to unstake and withdrawing.
    function unbondingPeriod() external view returns (uint32);

    /// @notice Share of a slash, after compensation, that goes to whoever reported it, in basis points.
    function reporterShare() external view returns (uint16);
}
