// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Pausing} from "./governance/Pausing.sol";
import {IFeeEscrow} from "./interfaces/IFeeEscrow.sol";
import {Delegation, DelegationPool, IStaking, SlashOrder, StakePool, Unbonding} from "./interfaces/IStaking.sol";
import {BasisPoints} from "./libraries/BasisPoints.sol";
import {Durations} from "./libraries/Durations.sol";
import {StakeShares} from "./libraries/StakeShares.sol";
import {SlashProceeds} from "./staking/SlashProceeds.sol";
import {StakeVotes} from "./staking/StakeVotes.sol";
import {Commission} from "./types/Commission.sol";
import {MAX_TRANCHES, Tranche, Tranches} from "./types/Tranches.sol";

/// @title Staking
/// @dev TWO TRANCHES OF LOSS
///
/// An operator's own stake is an amount: nobody else has a part of it. What others delegate is a pool of shares. A slash
/// takes the operator's own first, and delegators' only when nothing of it is left. What is unbonding is slashed with the
/// rest in the same proportion, so beginning to leave is no way out of a slash: delegated stake simply keeps its shares of
/// the pool until it is withdrawn (and goes on to earn), own stake moves to a second amount with shares of its own. A
/// slash changes those three amounts and loops over nothing.
///
/// COLLATERAL
///
/// A market locks part of a pool before it lets the operator take on an obligation. Delegated stake counts as backing as
/// own stake does: that is what its rewards are for. But own stake is used up first, in locking as in slashing: an
/// operator cannot unbond what is locked, and so cannot shift an obligation to its delegators. New collateral, and more
/// time for old, need backing by stake that is not unbonding. Delegators can always begin to leave; that stake is paid out
/// as soon as `locked` is covered without it, at the latest when the collateral expired. So at all times
///
///     Σ collateral = locked ≤ own stake + own unbonding + delegated,
///
/// every slash finds what it is owed, and neither an operator nor a market can hold anybody's stake for ever.
///
/// VOTES
///
/// Own stake that is not unbonding votes for its operator, to the wei. Delegated stake votes for its delegator with what
/// its shares were worth when they last changed: a slash cannot reach every delegator, but anybody can `syncVotes` of
/// one. Shares themselves would not do as votes: those of a pool that was slashed to almost nothing are sold by the
/// million for a wei.
///
/// WHAT THIS TRUSTS
///
/// - The contracts that governance lets call `lock`: they decide who failed them. They cannot touch what others locked.
/// - OPG and `FeeEscrow`, to move exactly what they say and to call nobody back. Amounts of OPG fit 90 bits, its supply.
///   No function has a reentrancy guard: each writes first, and ends with its one call of OPG or `FeeEscrow`.
/// @custom:security-contact security@opengradient.ai
contract Staking is SlashProceeds, StakeVotes, Pausing {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @dev An operator's own stake and its pool's collateral: one slot, so that most slashes read no other.
    struct OwnStake {
        uint120 stake; // OPG in wei, without what is unbonding
        uint120 locked; // OPG in wei
        bool isUnbonding; // whether the pool has `ownUnbondingShares`
        bool isVoting; // whether the operator chose a delegate for its votes
    }

    /// @dev Everything of one operator.
    struct Pool {
        OwnStake own; // slot 0
        uint128 ownUnbonding; // slot 1: OPG in wei
        uint128 ownUnbondingShares; // of which `tranches` of the operator hold parts
        uint128 delegated; // slot 2: OPG in wei, what is unbonding included
        Commission commission; // 64 bits: read with `delegated` by rewards
        uint128 shares; // slot 3: of `delegated`
        uint128 unbondingShares; // part of `shares`
    }

    struct Collateral {
        uint128 amount; // OPG in wei
        uint40 expiry; // Unix time in seconds
    }

    /// @custom:storage-location erc7201:opengradient.storage.Staking
    struct Storage {
        mapping(address operator => Pool) pools;
        mapping(address operator => mapping(address delegator => Delegation)) delegations;
        mapping(address operator => mapping(address staker => Tranches)) tranches;
        mapping(address operator => mapping(address locker => Collateral)) collateral;
        mapping(address delegator => uint256) delegatedUnits; // sum of the units of its delegations
        uint32 unbondingSeconds;
    }

    /// @notice Hard cap of commissions: 50 %.
    uint256 public constant MAX_COMMISSION_BPS = 5_000;

    bytes32 private constant STORAGE_SLOT = bytes32(erc7201("opengradient.storage.Staking"));

    constructor(IERC20 opg, IFeeEscrow feeEscrow) SlashProceeds(opg, feeEscrow) StakeVotes(IVotes(address(opg))) {}

    /// @notice Sets up the proxy.
    /// @param authority The access manager.
    /// @param unbondingSeconds Unbonding period.
    /// @param reporterBps Share of a slash, after compensation, for whoever reports a failure.
    function initialize(address authority, uint32 unbondingSeconds, uint16 reporterBps) external initializer {
        __AccessManaged_init(authority);
        __EIP712_init("OpenGradient Staking", "1");
        _setUnbondingPeriod(unbondingSeconds);
        _setReporterShare(reporterBps);
    }

    // STAKE

    /// @inheritdoc IStaking
    function stake(address operator, uint256 amount) external whenNotPaused {
        _stake(operator, msg.sender, amount);
    }

    /// @inheritdoc IStaking
    function stakeFrom(address operator, uint256 amount) external restricted whenNotPaused {
        _stake(operator, operator, amount);
    }

    function _stake(address operator, address from, uint256 amount) private {
        require(amount != 0, StakingZeroAmount());
        require(operator != address(0), StakingZeroAddress());

        _addOwn(operator, amount);
        emit StakeAdded(operator, from, amount);

        OPG_TOKEN.safeTransferFrom(from, address(this), amount);
    }

    function _addOwn(address operator, uint256 amount) private {
        OwnStake storage own = _storage().pools[operator].own;
        own.stake += amount.toUint120();
        if (own.isVoting) _addVotes(operator, amount);
    }

    /// @inheritdoc IStaking
    function delegate(address operator, uint256 amount) external whenNotPaused returns (uint256 shares) {
        require(amount != 0, StakingZeroAmount());
        require(operator != address(0), StakingZeroAddress());
        require(operator != msg.sender, StakingSelfDelegation(operator));
        Pool storage pool = _storage().pools[operator];
        // Before the multiplication below.
        uint128 assets = amount.toUint128();
        shares = StakeShares.toSharesDown(amount, pool.delegated, pool.shares);
        require(shares != 0, StakingAmountTooSmall(operator, amount));
        require(shares <= amount * StakeShares.MAX_SHARES_PER_WEI, StakingPoolDepleted(operator));

        pool.delegated += assets;
        pool.shares += shares.toUint128();
        _setShares(operator, msg.sender, _storage().delegations[operator][msg.sender].shares + shares);
        emit StakeDelegated(operator, msg.sender, amount, shares);

        OPG_TOKEN.safeTransferFrom(msg.sender, address(this), amount);
    }

    // EARN

    /// @inheritdoc IStaking
    function addRewards(address operator, uint256 amount) external {
        require(amount != 0, StakingZeroAmount());
        require(operator != address(0), StakingZeroAddress());
        Pool storage pool = _storage().pools[operator];
        uint128 delegated = pool.delegated;
        uint128 rest = 0;
        if (delegated != 0 && pool.shares != 0) {
            // Less than `amount`, which is checked to fit 128 bits.
            rest = uint128(BasisPoints.shareDown(amount.toUint128(), BasisPoints.ONE - pool.commission.current()));
            pool.delegated = delegated + rest;
        }
        uint256 own = amount - rest;

        if (own != 0) _addOwn(operator, own);
        emit RewardsAdded(operator, msg.sender, amount, own);

        OPG_TOKEN.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IStaking
    function announceCommission(uint16 commissionBps) external {
        require(commissionBps <= MAX_COMMISSION_BPS, StakingShareTooHigh(commissionBps, MAX_COMMISSION_BPS));
        Pool storage pool = _storage().pools[msg.sender];

        Commission memory commission = pool.commission.announce(commissionBps);
        pool.commission = commission;
        emit CommissionAnnounced(msg.sender, commissionBps, commission.nextEpoch * Durations.EPOCH);
    }

    // UNSTAKE

    /// @inheritdoc IStaking
    function beginUnstake(address operator, uint256 amount) external {
        require(amount != 0, StakingZeroAmount());
        Storage storage $ = _storage();
        bool isOwn = msg.sender == operator;
        Tranche memory tranche = Tranche({
            shares: isOwn ? _takeOwn(operator, amount) : _takeShares(operator, amount),
            releaseTime: (block.timestamp + $.unbondingSeconds).toUint40()
        });
        bool added = $.tranches[operator][msg.sender].tryPush(tranche);
        require(added, StakingTooManyTranches(operator, msg.sender, MAX_TRANCHES));
        emit UnstakeBegun({
            operator: operator,
            staker: msg.sender,
            amount: isOwn ? amount : worthOf(operator, amount),
            releaseTime: tranche.releaseTime
        });
    }

    /// @dev Moves own stake of the operator to what is unbonding of it, for shares of that.
    function _takeOwn(address operator, uint256 amount) private returns (uint128 shares) {
        Pool storage pool = _storage().pools[operator];
        if (pool.ownUnbondingShares > pool.ownUnbonding * StakeShares.MAX_SHARES_PER_WEI)
            _undoUnbonding(operator, pool);
        uint256 free = Math.saturatingSub(pool.own.stake, pool.own.locked);
        require(amount <= free, StakingInsufficientStake(operator, free, amount));
        (uint128 assets, uint128 total) = (pool.ownUnbonding, pool.ownUnbondingShares);
        // All shares are the operator's, so who rounds against whom does not matter; see above that it fits 128 bits.
        shares = uint128(total == 0 ? amount : (amount * total) / assets);

        // Not more than the supply, which fits 120 bits.
        pool.own.stake -= uint120(amount);
        pool.own.isUnbonding = true;
        pool.ownUnbonding = assets + uint128(amount);
        pool.ownUnbondingShares = total + shares;
        if (pool.own.isVoting) _removeVotes(operator, amount);
    }

    /// @dev After a slash that took all or almost all of it, one share of the rest is worth too little to count in. What
    /// is left is stake again; it is the same operator's.
    function _undoUnbonding(address operator, Pool storage pool) private {
        uint128 left = pool.ownUnbonding;
        _addOwn(operator, left);
        pool.own.isUnbonding = false;
        (pool.ownUnbonding, pool.ownUnbondingShares) = (0, 0);
        _storage().tranches[operator][operator].clear();
        emit UnstakeUndone(operator, left);
    }

    /// @dev Marks shares of the caller as unbonding.
    function _takeShares(address operator, uint256 amount) private returns (uint128 shares) {
        Storage storage $ = _storage();
        uint256 held = $.delegations[operator][msg.sender].shares;
        require(amount <= held, StakingInsufficientShares(operator, msg.sender, held, amount));

        // Not more than `held`, which fits 128 bits.
        shares = uint128(amount);
        $.pools[operator].unbondingShares += shares;
        _setShares(operator, msg.sender, held - amount);
    }

    /// @inheritdoc IStaking
    function withdraw(address operator, address staker) external returns (uint256 amount) {
        Storage storage $ = _storage();
        Pool storage pool = $.pools[operator];
        (uint256 due, uint256 nextRelease) = $.tranches[operator][staker].popDue();
        require(due != 0 || nextRelease != 0, StakingNothingUnbonding(operator, staker));
        require(due != 0, StakingStillUnbonding(block.timestamp, nextRelease));

        amount = staker == operator ? _releaseOwn(pool, due) : _releaseShares(pool, due);
        (uint256 slashable, uint256 locked) = (_slashable(pool) + amount, pool.own.locked);
        uint256 free = slashable - locked;
        require(amount <= free, StakingInsufficientStake(operator, free, amount));
        emit UnstakeFinished(operator, staker, amount);

        OPG_TOKEN.safeTransfer(staker, amount);
    }

    function _releaseOwn(Pool storage pool, uint256 due) private returns (uint256 amount) {
        (uint256 assets, uint256 shares) = (pool.ownUnbonding, pool.ownUnbondingShares);
        amount = (assets * due) / shares;
        // Parts of numbers that fit 128 bits.
        (pool.ownUnbonding, pool.ownUnbondingShares) = (uint128(assets - amount), uint128(shares - due));
        if (due == shares) pool.own.isUnbonding = false;
    }

    function _releaseShares(Pool storage pool, uint256 due) private returns (uint256 amount) {
        (uint256 assets, uint256 shares) = (pool.delegated, pool.shares);
        // All of the real shares are worth no more than all assets: the virtual ones have the same price.
        amount = Math.min(assets, StakeShares.toAssetsDown(due, assets, shares));
        // Parts of numbers that fit 128 bits.
        pool.delegated = uint128(assets - amount);
        (pool.shares, pool.unbondingShares) = (uint128(shares - due), uint128(pool.unbondingShares - due));
    }

    // COLLATERAL

    /// @inheritdoc IStaking
    function lock(address operator, uint256 amount, uint40 expiry) external restricted {
        Storage storage $ = _storage();
        uint256 latest = block.timestamp + Durations.MAX_COLLATERAL;
        require(expiry > block.timestamp && expiry <= latest, StakingBadExpiry(expiry, block.timestamp + 1, latest));
        Pool storage pool = $.pools[operator];
        OwnStake memory own = pool.own;
        _requireBacking(operator, pool, own, amount);
        Collateral memory held = $.collateral[operator][msg.sender];

        // Not more than what backs it, which fits 90 bits.
        if (amount != 0) pool.own.locked = own.locked + uint120(amount);
        held.amount += uint128(amount);
        if (expiry > held.expiry) held.expiry = expiry;
        $.collateral[operator][msg.sender] = held;
        emit CollateralLocked(operator, msg.sender, amount, held.expiry);
    }

    /// @dev Reverts unless stake that is not unbonding covers what is locked and `amount` more.
    function _requireBacking(address operator, Pool storage pool, OwnStake memory own, uint256 amount) private view {
        uint256 backing = own.stake;
        // Reads what is delegated only if it matters.
        if (backing < own.locked || amount > backing - own.locked) {
            backing += worthOf(operator, pool.shares - pool.unbondingShares);
        }
        uint256 free = Math.saturatingSub(backing, own.locked);
        require(amount <= free && own.locked <= backing, StakingInsufficientStake(operator, free, amount));
    }

    /// @inheritdoc IStaking
    function unlock(address operator, uint256 amount) external {
        Storage storage $ = _storage();
        Collateral storage held = $.collateral[operator][msg.sender];
        uint256 locked = held.amount;
        require(amount <= locked, StakingInsufficientCollateral(operator, msg.sender, locked, amount));

        // Not more than `locked`, which fits 90 bits.
        $.pools[operator].own.locked -= uint120(amount);
        _reduce(held, locked, amount);
        emit CollateralUnlocked(operator, msg.sender, amount);
    }

    /// @inheritdoc IStaking
    function reclaim(address operator, address locker) external returns (uint256 amount) {
        Storage storage $ = _storage();
        Collateral memory held = $.collateral[operator][locker];
        amount = held.amount;
        require(amount != 0, StakingZeroAmount());
        require(block.timestamp > held.expiry, StakingNotExpired(block.timestamp, held.expiry));

        delete $.collateral[operator][locker];
        // Part of what is locked, which fits 120 bits.
        $.pools[operator].own.locked -= uint120(amount);
        emit CollateralUnlocked(operator, locker, amount);
    }

    // SLASH

    /// @inheritdoc IStaking
    function slash(SlashOrder calldata order) external returns (uint256 amount) {
        require(order.amount != 0, StakingZeroAmount());
        Collateral storage held = _storage().collateral[order.operator][msg.sender];
        uint128 locked = held.amount;
        amount = Math.min(order.amount, locked);
        if (amount == 0) return 0;

        _reduce(held, locked, amount);
        // Not more than `locked`, which fits 90 bits.
        _owe(order, amount, _takeLoss(order.operator, uint120(amount)));
    }

    /// @dev Takes `amount` from collateral of `locked`. Where there is none left, there is no expiry.
    function _reduce(Collateral storage held, uint256 locked, uint256 amount) private {
        // Part of `locked`, which fits 128 bits.
        (held.amount, held.expiry) = (uint128(locked - amount), locked == amount ? 0 : held.expiry);
    }

    /// @dev Takes `amount`, which was locked, out of the pool. Returns how much of it was the operator's own.
    function _takeLoss(address operator, uint120 amount) private returns (uint256 ownLoss) {
        Pool storage pool = _storage().pools[operator];
        OwnStake memory own = pool.own;
        uint256 unbonding = own.isUnbonding ? pool.ownUnbonding : 0;
        ownLoss = Math.min(amount, own.stake + unbonding);
        uint256 unbondingLoss = unbonding == 0 ? 0 : (ownLoss * unbonding) / (own.stake + unbonding);
        // All parts of `amount`, which fits 120 bits.
        uint120 stakeLoss = uint120(ownLoss - unbondingLoss);

        (own.stake, own.locked) = (own.stake - stakeLoss, own.locked - amount);
        pool.own = own;
        if (unbondingLoss != 0) pool.ownUnbonding = uint128(unbonding - unbondingLoss);
        if (ownLoss != amount) pool.delegated -= uint128(amount - ownLoss);
        if (own.isVoting) _removeVotes(operator, stakeLoss);
    }

    // VOTE

    /// @inheritdoc IStaking
    function syncVotes(address operator, address delegator) external {
        _setShares(operator, delegator, _storage().delegations[operator][delegator].shares);
    }

    /// @dev Writes a delegator's shares, and its votes with them.
    function _setShares(address operator, address delegator, uint256 shares) private {
        Storage storage $ = _storage();
        uint256 before = $.delegations[operator][delegator].units;
        uint256 units = worthOf(operator, shares);
        $.delegations[operator][delegator] = Delegation({shares: shares.toUint128(), units: units.toUint128()});
        if (units == before) return;
        $.delegatedUnits[delegator] = $.delegatedUnits[delegator] + units - before;
        if (units > before) _addVotes(delegator, units - before);
        else _removeVotes(delegator, before - units);
    }

    /// @dev Notes with an operator's stake whether it votes: as long as it does not, changes of the stake need not look for whom.
    function _delegate(address account, address delegatee) internal override {
        super._delegate(account, delegatee);
        _storage().pools[account].own.isVoting = delegatee != address(0);
    }

    /// @dev An account's own stake as an operator, and what it delegated to others.
    function _getVotingUnits(address account) internal view override returns (uint256) {
        return _storage().pools[account].own.stake + _storage().delegatedUnits[account];
    }

    // GOVERN

    /// @inheritdoc IStaking
    function setUnbondingPeriod(uint32 unbondingSeconds) external restricted {
        _setUnbondingPeriod(unbondingSeconds);
    }

    function _setUnbondingPeriod(uint32 unbondingSeconds) private {
        require(
            unbondingSeconds >= Durations.MIN_UNBONDING && unbondingSeconds <= Durations.MAX_UNBONDING,
            StakingBadUnbondingPeriod(unbondingSeconds, Durations.MIN_UNBONDING, Durations.MAX_UNBONDING)
        );
        _storage().unbondingSeconds = unbondingSeconds;
        emit UnbondingPeriodChanged(unbondingSeconds);
    }

    // READ

    /// @inheritdoc IStaking
    function poolOf(address operator) external view returns (StakePool memory) {
        OwnStake memory own = _storage().pools[operator].own;
        return StakePool({stake: own.stake, locked: own.locked});
    }

    /// @inheritdoc IStaking
    function delegationPoolOf(address operator) external view returns (DelegationPool memory) {
        Pool storage pool = _storage().pools[operator];
        return DelegationPool({assets: pool.delegated, shares: pool.shares, unbondingShares: pool.unbondingShares});
    }

    /// @inheritdoc IStaking
    function delegationOf(address operator, address delegator) external view returns (Delegation memory) {
        return _storage().delegations[operator][delegator];
    }

    /// @inheritdoc IStaking
    function worthOf(address operator, uint256 shares) public view returns (uint256) {
        Pool storage pool = _storage().pools[operator];
        return StakeShares.toAssetsDown(shares, pool.delegated, pool.shares);
    }

    /// @inheritdoc IStaking
    function slashableOf(address operator) external view returns (uint256) {
        return _slashable(_storage().pools[operator]);
    }

    function _slashable(Pool storage pool) private view returns (uint256) {
        return uint256(pool.own.stake) + pool.ownUnbonding + pool.delegated;
    }

    /// @inheritdoc IStaking
    function collateralOf(address operator, address locker) external view returns (uint256) {
        return _storage().collateral[operator][locker].amount;
    }

    /// @inheritdoc IStaking
    function collateralExpiryOf(address operator, address locker) external view returns (uint40) {
        return _storage().collateral[operator][locker].expiry;
    }

    /// @inheritdoc IStaking
    function unbondingOf(address operator, address staker) external view returns (Unbonding[] memory unbondings) {
        Pool storage pool = _storage().pools[operator];
        Tranches storage tranches = _storage().tranches[operator][staker];
        unbondings = new Unbonding[](tranches.count());
        for (uint256 i = 0; i < unbondings.length; ++i) {
            Tranche memory tranche = tranches.list[i];
            uint256 amount =
                staker == operator
                    ? (uint256(pool.ownUnbonding) * tranche.shares) / pool.ownUnbondingShares
                    : worthOf(operator, tranche.shares);
            // Not more than the supply, which fits 128 bits.
            unbondings[i] = Unbonding({amount: uint128(amount), releaseTime: tranche.releaseTime});
        }
    }

    /// @inheritdoc IStaking
    function commissionOf(address operator) external view returns (uint16) {
        return _storage().pools[operator].commission.current();
    }

    /// @inheritdoc IStaking
    function unbondingPeriod() external view returns (uint32) {
        return _storage().unbondingSeconds;
    }

    function _storage() private pure returns (Storage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
