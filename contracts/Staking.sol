// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Pausing} from "./governance/Pausing.sol";
import {IFeeEscrow} from "./interfaces/IFeeEscrow.sol";
import {IStaking, SlashOrder, StakePool, Unbonding} from "./interfaces/IStaking.sol";
import {BasisPoints} from "./libraries/BasisPoints.sol";
import {Durations} from "./libraries/Durations.sol";

/// @title Staking
/// @dev COLLATERAL
///
/// A market locks part of an operator's stake before it lets the operator take on an obligation. Locked stake cannot begin
/// to unbond, so a slash always finds it: `Σ collateral = locked ≤ stake` at all times, and no path lowers `stake` below
/// `locked`.
///
/// PROCEEDS
///
/// A slash moves no tokens, it only changes who they belong to; `handOn` pays them out through `FeeEscrow`, so that even a
/// contract that knows nothing of slashing finds its compensation in its balance.
///
/// WHAT THIS TRUSTS
///
/// - The contracts that governance lets call `lock`: they decide who failed them. They cannot touch what others locked.
/// - OPG and `FeeEscrow`, to move exactly what they say.
/// @custom:security-contact security@opengradient.ai
contract Staking is IStaking, Pausing, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @custom:storage-location erc7201:opengradient.storage.Staking
    struct Storage {
        mapping(address operator => StakePool) pools;
        mapping(address operator => Unbonding) unbondings;
        mapping(address operator => mapping(address locker => uint256)) collateral;
        mapping(address account => uint256) proceeds;
        uint32 unbondingSeconds; // 32 bits
        uint16 reporterBps; // 16 bits: read by every slash
        uint128 treasuryProceeds; // 128 bits: written by most slashes, in the slot they read anyway
    }

    /// @notice Hard cap of the reporters' share: 50 %.
    uint256 public constant MAX_REPORTER_BPS = 5_000;

    bytes32 private constant STORAGE_SLOT = bytes32(erc7201("opengradient.storage.Staking"));

    /// @notice The only money here.
    IERC20 public immutable OPG_TOKEN;

    /// @notice Where slashed stake is paid to.
    IFeeEscrow public immutable FEE_ESCROW;

    constructor(IERC20 opg, IFeeEscrow feeEscrow) {
        OPG_TOKEN = opg;
        FEE_ESCROW = feeEscrow;
    }

    /// @notice Sets up the proxy.
    /// @param authority The access manager.
    /// @param unbondingSeconds Unbonding period.
    /// @param reporterBps Share of a slash, after compensation, for whoever reports a failure.
    function initialize(address authority, uint32 unbondingSeconds, uint16 reporterBps) external initializer {
        __AccessManaged_init(authority);
        _setUnbondingPeriod(unbondingSeconds);
        _setReporterShare(reporterBps);
    }

    // STAKE

    /// @inheritdoc IStaking
    function stake(address operator, uint256 amount) external whenNotPaused nonReentrant {
        _stake(operator, msg.sender, amount);
    }

    /// @inheritdoc IStaking
    function stakeFrom(address operator, uint256 amount) external restricted whenNotPaused nonReentrant {
        _stake(operator, operator, amount);
    }

    function _stake(address operator, address from, uint256 amount) private {
        require(amount != 0, StakingZeroAmount());
        require(operator != address(0), StakingZeroAddress());

        _storage().pools[operator].stake += amount.toUint128();
        emit StakeAdded(operator, from, amount);

        OPG_TOKEN.safeTransferFrom(from, address(this), amount);
    }

    // UNSTAKE

    /// @inheritdoc IStaking
    function beginUnstake(uint256 amount) external {
        Storage storage $ = _storage();
        require(amount != 0, StakingZeroAmount());
        StakePool storage pool = $.pools[msg.sender];
        _requireFree(msg.sender, pool, amount);

        uint40 releaseTime = (block.timestamp + $.unbondingSeconds).toUint40();
        Unbonding storage unbonding = $.unbondings[msg.sender];
        // Not more than the supply, which fits 128 bits.
        pool.stake -= uint128(amount);
        unbonding.amount += uint128(amount);
        unbonding.releaseTime = releaseTime;
        emit UnstakeBegun(msg.sender, amount, releaseTime);
    }

    /// @inheritdoc IStaking
    function withdraw(address to) external nonReentrant returns (uint256 amount) {
        Storage storage $ = _storage();
        require(to != address(0), StakingZeroAddress());
        Unbonding memory unbonding = $.unbondings[msg.sender];
        amount = unbonding.amount;
        require(amount != 0, StakingNothingUnbonding(msg.sender));
        require(
            block.timestamp >= unbonding.releaseTime,
            StakingStillUnbonding(block.timestamp, unbonding.releaseTime)
        );

        delete $.unbondings[msg.sender];
        emit UnstakeFinished(msg.sender, to, amount);

        OPG_TOKEN.safeTransfer(to, amount);
    }

    // COLLATERAL

    /// @inheritdoc IStaking
    function lock(address operator, uint256 amount) external restricted {
        Storage storage $ = _storage();
        StakePool storage pool = $.pools[operator];
        _requireFree(operator, pool, amount);

        // Not more than `stake`, which fits 128 bits.
        pool.locked += uint128(amount);
        $.collateral[operator][msg.sender] += amount;
        emit CollateralLocked(operator, msg.sender, amount);
    }

    /// @inheritdoc IStaking
    function unlock(address operator, uint256 amount) external {
        _takeCollateral(operator, amount);

        // Not more than `locked`, which fits 128 bits.
        _storage().pools[operator].locked -= uint128(amount);
        emit CollateralUnlocked(operator, msg.sender, amount);
    }

    /// @inheritdoc IStaking
    function slash(SlashOrder calldata order) external {
        Storage storage $ = _storage();
        uint128 amount = order.amount;
        require(amount != 0, StakingZeroAmount());
        _takeCollateral(order.operator, amount);
        uint256 compensation = Math.min(amount, order.harm);
        uint256 reward = BasisPoints.shareDown(amount - compensation, $.reporterBps);
        uint256 treasuryAmount = amount - compensation - reward;

        StakePool memory pool = $.pools[order.operator];
        $.pools[order.operator] = StakePool({stake: pool.stake - amount, locked: pool.locked - amount});
        if (compensation != 0) $.proceeds[order.payer] += compensation;
        if (reward != 0) $.proceeds[order.reporter] += reward;
        // Not more than the supply, which fits 128 bits.
        if (treasuryAmount != 0) $.treasuryProceeds += uint128(treasuryAmount);
        emit Slashed({
            operator: order.operator,
            payer: order.payer,
            reporter: order.reporter,
            amount: amount,
            compensation: compensation,
            reward: reward,
            treasuryAmount: treasuryAmount
        });
    }

    function _takeCollateral(address operator, uint256 amount) private {
        mapping(address locker => uint256) storage collateral = _storage().collateral[operator];
        uint256 locked = collateral[msg.sender];
        require(locked >= amount, StakingInsufficientCollateral(operator, msg.sender, locked, amount));
        collateral[msg.sender] = locked - amount;
    }

    function _requireFree(address operator, StakePool storage pool, uint256 amount) private view {
        uint256 free = pool.stake - pool.locked;
        require(amount <= free, StakingInsufficientStake(operator, free, amount));
    }

    // HAND ON

    /// @inheritdoc IStaking
    function handOn(address account) external nonReentrant returns (uint256 amount) {
        Storage storage $ = _storage();
        amount = $.proceeds[account];
        $.proceeds[account] = 0;
        _handOn(account, amount);
    }

    /// @inheritdoc IStaking
    function handOnTreasury() external nonReentrant returns (uint256 amount) {
        Storage storage $ = _storage();
        (address treasury, ) = FEE_ESCROW.treasury();
        amount = $.treasuryProceeds;
        $.treasuryProceeds = 0;
        _handOn(treasury, amount);
    }

    function _handOn(address account, uint256 amount) private {
        require(amount != 0, StakingZeroAmount());
        emit ProceedsHandedOn(account, amount);

        OPG_TOKEN.forceApprove(address(FEE_ESCROW), amount);
        FEE_ESCROW.deposit(account, amount);
    }

    // GOVERN

    /// @inheritdoc IStaking
    function setUnbondingPeriod(uint32 unbondingSeconds) external restricted {
        _setUnbondingPeriod(unbondingSeconds);
    }

    /// @inheritdoc IStaking
    function setReporterShare(uint16 shareBps) external restricted {
        _setReporterShare(shareBps);
    }

    function _setUnbondingPeriod(uint32 unbondingSeconds) private {
        require(
            unbondingSeconds >= Durations.MIN_UNBONDING && unbondingSeconds <= Durations.MAX_UNBONDING,
            StakingBadUnbondingPeriod(unbondingSeconds, Durations.MIN_UNBONDING, Durations.MAX_UNBONDING)
        );
        _storage().unbondingSeconds = unbondingSeconds;
        emit UnbondingPeriodChanged(unbondingSeconds);
    }

    function _setReporterShare(uint16 shareBps) private {
        require(shareBps <= MAX_REPORTER_BPS, StakingShareTooHigh(shareBps, MAX_REPORTER_BPS));
        _storage().reporterBps = shareBps;
        emit ReporterShareChanged(shareBps);
    }

    // READ

    /// @inheritdoc IStaking
    function poolOf(address operator) external view returns (StakePool memory) {
        return _storage().pools[operator];
    }

    /// @inheritdoc IStaking
    function collateralOf(address operator, address locker) external view returns (uint256) {
        return _storage().collateral[operator][locker];
    }

    /// @inheritdoc IStaking
    function proceedsOf(address account) external view returns (uint256) {
        return _storage().proceeds[account];
    }

    /// @inheritdoc IStaking
    function treasuryProceeds() external view returns (uint256) {
        return _storage().treasuryProceeds;
    }

    /// @inheritdoc IStaking
    function unbondingOf(address operator) external view returns (Unbonding memory) {
        return _storage().unbondings[operator];
    }

    /// @inheritdoc IStaking
    function unbondingPeriod() external view returns (uint32) {
        return _storage().unbondingSeconds;
    }

    /// @inheritdoc IStaking
    function reporterShare() external view returns (uint16) {
        return _storage().reporterBps;
    }

    function _storage() private pure returns (Storage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
