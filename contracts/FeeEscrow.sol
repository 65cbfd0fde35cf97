// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MulticallUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/MulticallUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {PaymentChannels} from "./escrow/PaymentChannels.sol";
import {FeeAccount, FeeLock, FeeSettlement, IFeeEscrow} from "./interfaces/IFeeEscrow.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {BasisPoints} from "./libraries/BasisPoints.sol";
import {ModelId} from "./types/ModelId.sol";
import {RequestId} from "./types/RequestId.sol";

/// @title FeeEscrow
/// @dev EARNINGS
///
/// A settlement writes as little as it can: what a node earned goes to one slot of the node's, before the treasury's share,
/// and royalties to one slot of the model's. Splitting and finding out who the publisher is waits for `collectEarnings`
/// and `collectRoyalties`, which anyone may call and which serve any number of settlements at once. What channels pay
/// (see {PaymentChannels}) is earned in the same way.
///
/// REENTRANCY
///
/// What calls OPG, a registry or a wallet writes first, and is guarded besides. What lockers call (`lock`, `release`, `refund`)
/// calls nobody and has no guard.
///
/// WHAT THIS TRUSTS
///
/// - OPG, to move exactly what it says and to call nobody back.
/// - A locker, towards the accounts that authorised it and no others: it decides when their locks end and who served.
/// - `ModelRegistry`, to know a model's publisher.
/// @custom:security-contact security@opengradient.ai
contract FeeEscrow is IFeeEscrow, PaymentChannels, MulticallUpgradeable {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @custom:storage-location erc7201:opengradient.storage.FeeEscrow
    struct Storage {
        mapping(address account => FeeAccount) accounts;
        mapping(address locker => mapping(RequestId requestId => FeeLock)) locks;
        mapping(address node => uint256) earnings;
        mapping(ModelId modelId => uint256) royalties;
        mapping(address account => address) payoutAddresses;
        address treasury; // 160 bits
        uint16 treasuryBps; // 16 bits
    }

    /// @notice Hard cap of the treasury's share: 20 %.
    uint256 public constant MAX_TREASURY_BPS = 2_000;

    bytes32 private constant STORAGE_SLOT = bytes32(erc7201("opengradient.storage.FeeEscrow"));

    /// @notice The only money here.
    IERC20 public immutable OPG_TOKEN;

    /// @notice Who publishes what.
    IModelRegistry public immutable MODEL_REGISTRY;

    constructor(IERC20 opg, IModelRegistry modelRegistry) {
        OPG_TOKEN = opg;
        MODEL_REGISTRY = modelRegistry;
    }

    /// @notice Sets up the proxy.
    /// @param authority The access manager.
    /// @param treasuryAccount Account that the treasury's share is credited to.
    /// @param treasuryBps The treasury's share of earnings.
    function initialize(address authority, address treasuryAccount, uint16 treasuryBps) external initializer {
        __AccessManaged_init(authority);
        _setTreasury(treasuryAccount, treasuryBps);
    }

    // DEPOSIT

    /// @inheritdoc IFeeEscrow
    function deposit(address account, uint256 amount) external restrictedWhilePaused nonReentrant {
        _deposit(account, amount);
    }

    /// @inheritdoc IFeeEscrow
    function depositWithPermit(
        address account,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external restrictedWhilePaused nonReentrant {
        // A permit lifted from the mempool and submitted first leaves the allowance in place: the transfer decides.
        try IERC20Permit(address(OPG_TOKEN)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _deposit(account, amount);
    }

    function _deposit(address account, uint256 amount) private {
        require(amount != 0, FeeEscrowZeroAmount());
        require(account != address(0), FeeEscrowZeroAddress());

        _credit(account, amount);
        emit Deposited(account, msg.sender, amount);

        OPG_TOKEN.safeTransferFrom(msg.sender, address(this), amount);
    }

    // WITHDRAW

    /// @inheritdoc IFeeEscrow
    function withdraw(uint256 amount, address to) external nonReentrant {
        _withdraw(msg.sender, amount, to);
    }

    /// @inheritdoc IFeeEscrow
    function setPayoutAddress(address to) external {
        _storage().payoutAddresses[msg.sender] = to;
        emit PayoutAddressChanged(msg.sender, to);
    }

    /// @inheritdoc IFeeEscrow
    function payOut(address account) external nonReentrant returns (uint256 amount) {
        Storage storage $ = _storage();
        address to = $.payoutAddresses[account];
        require(to != address(0), FeeEscrowNoPayoutAddress(account));

        if ($.earnings[account] != 0) _collectEarnings(account);
        amount = $.accounts[account].balance;
        _withdraw(account, amount, to);
    }

    function _withdraw(address account, uint256 amount, address to) private {
        require(amount != 0, FeeEscrowZeroAmount());
        require(to != address(0), FeeEscrowZeroAddress());

        _debit(account, amount);
        emit Withdrawn(account, to, amount);

        OPG_TOKEN.safeTransfer(to, amount);
    }

    // LOCK

    /// @inheritdoc IFeeEscrow
    function authorizeLocker(address locker) external {
        _storage().accounts[msg.sender].locker = locker;
        emit LockerAuthorized(msg.sender, locker);
    }

    /// @inheritdoc IFeeEscrow
    function lock(RequestId requestId, address payer, uint96 amount) external {
        Storage storage $ = _storage();
        address authorized = $.accounts[payer].locker;
        require(amount != 0, FeeEscrowZeroAmount());
        require(authorized == msg.sender, FeeEscrowLockerNotAuthorized(payer, msg.sender, authorized));
        FeeLock storage held = $.locks[msg.sender][requestId];
        require(held.payer == address(0), FeeEscrowAlreadyLocked(msg.sender, requestId));

        _debit(payer, amount);
        (held.payer, held.amount) = (payer, amount);
        emit FeeLocked(msg.sender, requestId, payer, amount);
    }

    // SETTLE

    /// @inheritdoc IFeeEscrow
    function release(FeeSettlement calldata settlement) external {
        _creditEarnings(settlement.node, _release(settlement));
    }

    /// @inheritdoc IFeeEscrow
    function releaseMany(FeeSettlement[] calldata settlements) external {
        address node = address(0);
        uint256 earned = 0;
        for (uint256 i = 0; i < settlements.length; ++i) {
            FeeSettlement calldata settlement = settlements[i];
            // What one node earned in a row is credited once.
            if (settlement.node != node) {
                if (earned != 0) _creditEarnings(node, earned);
                (node, earned) = (settlement.node, 0);
            }
            earned += _release(settlement);
        }
        if (earned != 0) _creditEarnings(node, earned);
    }

    /// @dev Ends a lock, and pays all but the node. Returns what the node earned.
    function _release(FeeSettlement calldata settlement) private returns (uint256 earned) {
        FeeLock memory held = _takeLock(settlement.requestId);
        (uint256 fee, uint256 royalty) = (settlement.fee, settlement.royalty);
        require(fee <= held.amount, FeeEscrowFeeExceedsLock(fee, held.amount));
        require(royalty <= fee, FeeEscrowRoyaltyExceedsFee(royalty, fee));
        earned = fee - royalty;
        uint256 refunded = held.amount - fee;

        if (royalty != 0) _storage().royalties[settlement.modelId] += royalty;
        if (refunded != 0) _credit(held.payer, refunded);
        emit FeeReleased(msg.sender, settlement.requestId, settlement.node, earned, royalty, refunded);
    }

    /// @inheritdoc IFeeEscrow
    function refund(RequestId requestId) external {
        FeeLock memory held = _takeLock(requestId);

        _credit(held.payer, held.amount);
        emit FeeRefunded(msg.sender, requestId, held.payer, held.amount);
    }

    /// @inheritdoc IFeeEscrow
    function releasePart(RequestId requestId, address account, uint96 amount) external {
        _takePart(requestId, amount);

        _creditEarnings(account, amount);
        emit FeePartReleased(msg.sender, requestId, account, amount);
    }

    /// @inheritdoc IFeeEscrow
    function refundPart(RequestId requestId, uint96 amount) external {
        address payer = _takePart(requestId, amount);

        _credit(payer, amount);
        emit FeePartRefunded(msg.sender, requestId, payer, amount);
    }

    /// @dev Takes something out of the caller's lock, which ends with the last of it. Returns whose money it was.
    function _takePart(RequestId requestId, uint96 amount) private returns (address payer) {
        require(amount != 0, FeeEscrowZeroAmount());
        FeeLock storage held = _storage().locks[msg.sender][requestId];
        uint96 locked = held.amount;
        payer = held.payer;
        require(payer != address(0), FeeEscrowNotLocked(msg.sender, requestId));
        require(amount <= locked, FeeEscrowFeeExceedsLock(amount, locked));

        if (amount == locked) delete _storage().locks[msg.sender][requestId];
        else held.amount = locked - amount;
    }

    /// @dev Ends the caller's lock; what it held is now owed to somebody.
    function _takeLock(RequestId requestId) private returns (FeeLock memory held) {
        Storage storage $ = _storage();
        held = $.locks[msg.sender][requestId];
        require(held.payer != address(0), FeeEscrowNotLocked(msg.sender, requestId));
        delete $.locks[msg.sender][requestId];
    }

    // COLLECT

    /// @inheritdoc IFeeEscrow
    function collectEarnings(address node) external nonReentrant returns (uint256 amount) {
        return _collectEarnings(node);
    }

    function _collectEarnings(address node) private returns (uint256 amount) {
        Storage storage $ = _storage();
        uint256 gross = $.earnings[node];
        require(gross != 0, FeeEscrowZeroAmount());
        uint256 treasuryAmount = BasisPoints.shareDown(gross, $.treasuryBps);
        amount = gross - treasuryAmount;

        $.earnings[node] = 0;
        _credit(node, amount);
        _credit($.treasury, treasuryAmount);
        emit EarningsCollected(node, amount, treasuryAmount);
    }

    /// @inheritdoc IFeeEscrow
    function collectRoyalties(ModelId modelId) external nonReentrant returns (uint256 amount) {
        Storage storage $ = _storage();
        amount = $.royalties[modelId];
        require(amount != 0, FeeEscrowZeroAmount());
        address publisher = MODEL_REGISTRY.publisherOf(modelId);

        $.royalties[modelId] = 0;
        _credit(publisher, amount);
        emit RoyaltiesCollected(modelId, publisher, amount);
    }

    // BALANCES

    /// @inheritdoc PaymentChannels
    function _credit(address account, uint256 amount) internal override {
        FeeAccount storage found = _storage().accounts[account];
        found.balance = (found.balance + amount).toUint96();
    }

    /// @inheritdoc PaymentChannels
    function _creditEarnings(address node, uint256 amount) internal override {
        _storage().earnings[node] += amount;
    }

    function _debit(address account, uint256 amount) private {
        FeeAccount storage found = _storage().accounts[account];
        uint256 balance = found.balance;
        require(balance >= amount, FeeEscrowInsufficientBalance(account, balance, amount));
        // Not more than `balance`, which fits 96 bits.
        found.balance = uint96(balance - amount);
    }

    // GOVERN

    /// @inheritdoc IFeeEscrow
    function setTreasury(address treasuryAccount, uint16 shareBps) external restricted {
        _setTreasury(treasuryAccount, shareBps);
    }

    function _setTreasury(address treasuryAccount, uint16 shareBps) private {
        require(treasuryAccount != address(0), FeeEscrowZeroAddress());
        require(shareBps <= MAX_TREASURY_BPS, FeeEscrowShareTooHigh(shareBps, MAX_TREASURY_BPS));

        Storage storage $ = _storage();
        ($.treasury, $.treasuryBps) = (treasuryAccount, shareBps);
        emit TreasuryChanged(treasuryAccount, shareBps);
    }

    // READ

    /// @inheritdoc IFeeEscrow
    function balanceOf(address account) external view returns (uint256) {
        return _storage().accounts[account].balance;
    }

    /// @inheritdoc IFeeEscrow
    function earningsOf(address node) external view returns (uint256) {
        return _storage().earnings[node];
    }

    /// @inheritdoc IFeeEscrow
    function royaltiesOf(ModelId modelId) external view returns (uint256) {
        return _storage().royalties[modelId];
    }

    /// @inheritdoc IFeeEscrow
    function lockerOf(address account) external view returns (address) {
        return _storage().accounts[account].locker;
    }

    /// @inheritdoc IFeeEscrow
    function payoutAddressOf(address account) external view returns (address) {
        return _storage().payoutAddresses[account];
    }

    /// @inheritdoc IFeeEscrow
    function lockOf(address locker, RequestId requestId) external view returns (FeeLock memory) {
        return _storage().locks[locker][requestId];
    }

    /// @inheritdoc IFeeEscrow
    function treasury() external view returns (address account, uint16 shareBps) {
        Storage storage $ = _storage();
        return ($.treasury, $.treasuryBps);
    }

    /// @inheritdoc PaymentChannels
    function _opg() internal view override returns (IERC20) {
        return OPG_TOKEN;
    }

    function _storage() private pure returns (Storage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
