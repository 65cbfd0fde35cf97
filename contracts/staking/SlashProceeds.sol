// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Governed} from "../governance/Governed.sol";
import {IFeeEscrow} from "../interfaces/IFeeEscrow.sol";
import {IStaking, SlashOrder} from "../interfaces/IStaking.sol";
import {BasisPoints} from "../libraries/BasisPoints.sol";

/// @title What slashes leave to others
/// @dev A slash moves no tokens, it only changes who they belong to; `handOn` pays them out through `FeeEscrow`, so that
/// even a contract that knows nothing of slashing finds its compensation in its balance.
///
/// Payer and reporter are paid out of the operator's own loss alone, and what delegators lose is the treasury's: an
/// operator could be payer and reporter, and would else take its delegators' stake by failing itself.
abstract contract SlashProceeds is IStaking, Governed {
    using SafeERC20 for IERC20;

    /// @custom:storage-location erc7201:opengradient.storage.SlashProceeds
    struct ProceedsStorage {
        mapping(address account => uint256) proceeds;
        uint16 reporterBps; // 16 bits: read by every slash
        uint128 treasuryProceeds; // 128 bits: written by most slashes, in the slot they read anyway
    }

    /// @notice Hard cap of the reporters' share: 50 %.
    uint256 public constant MAX_REPORTER_BPS = 5_000;

    bytes32 private constant PROCEEDS_SLOT = bytes32(erc7201("opengradient.storage.SlashProceeds"));

    /// @notice The only money here.
    IERC20 public immutable OPG_TOKEN;

    /// @notice Where slashed stake is paid to.
    IFeeEscrow public immutable FEE_ESCROW;

    constructor(IERC20 opg, IFeeEscrow feeEscrow) {
        OPG_TOKEN = opg;
        FEE_ESCROW = feeEscrow;
    }

    /// @dev Notes whom a loss belongs to.
    function _owe(SlashOrder calldata order, uint256 amount, uint256 ownLoss) internal {
        ProceedsStorage storage $ = _proceedsStorage();
        uint256 compensation = Math.min(ownLoss, order.harm);
        uint256 reward = BasisPoints.shareDown(ownLoss - compensation, $.reporterBps);
        uint256 treasuryAmount = amount - compensation - reward;

        if (compensation != 0) $.proceeds[order.payer] += compensation;
        if (reward != 0) $.proceeds[order.reporter] += reward;
        // Not more than the supply, which fits 128 bits.
        if (treasuryAmount != 0) $.treasuryProceeds += uint128(treasuryAmount);
        emit Slashed({
            operator: order.operator,
            payer: order.payer,
            reporter: order.reporter,
            amount: amount,
            delegatedAmount: amount - ownLoss,
            compensation: compensation,
            reward: reward,
            treasuryAmount: treasuryAmount
        });
    }

    // HAND ON

    /// @inheritdoc IStaking
    function handOn(address account) external returns (uint256 amount) {
        ProceedsStorage storage $ = _proceedsStorage();
        amount = $.proceeds[account];
        $.proceeds[account] = 0;
        _handOn(account, amount);
    }

    /// @inheritdoc IStaking
    function handOnTreasury() external returns (uint256 amount) {
        ProceedsStorage storage $ = _proceedsStorage();
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
    function setReporterShare(uint16 shareBps) external restricted {
        _setReporterShare(shareBps);
    }

    function _setReporterShare(uint16 shareBps) internal {
        require(shareBps <= MAX_REPORTER_BPS, StakingShareTooHigh(shareBps, MAX_REPORTER_BPS));
        _proceedsStorage().reporterBps = shareBps;
        emit ReporterShareChanged(shareBps);
    }

    // READ

    /// @inheritdoc IStaking
    function proceedsOf(address account) external view returns (uint256) {
        return _proceedsStorage().proceeds[account];
    }

    /// @inheritdoc IStaking
    function treasuryProceeds() external view returns (uint256) {
        return _proceedsStorage().treasuryProceeds;
    }

    /// @inheritdoc IStaking
    function reporterShare() external view returns (uint16) {
        return _proceedsStorage().reporterBps;
    }

    function _proceedsStorage() private pure returns (ProceedsStorage storage $) {
        bytes32 slot = PROCEEDS_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
