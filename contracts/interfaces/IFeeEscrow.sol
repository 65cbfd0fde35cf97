// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ModelId} from "../types/ModelId.sol";
import {RequestId} from "../types/RequestId.sol";
import {IPaymentChannels} from "./IPaymentChannels.sol";

/// @notice What an account can spend.
struct FeeAccount {
    uint96 balance; // OPG in wei; 96 bits hold more than the whole supply
    address locker; // 160 bits: the one contract that may lock the balance for requests, or zero
}

/// @notice Money put aside for one request.
struct FeeLock {
    address payer; // 160 bits
    uint96 amount; // 96 bits
}

/// @notice Who earned what of a locked fee.
/// @param requestId Request that the fee is locked for.
/// @param node Account of the node that served the request.
/// @param modelId Model that earned the royalty.
/// @param fee Part of the locked amount that was earned, in OPG wei; the rest returns to the payer.
/// @param royalty Part of `fee` that goes to the model's publisher.
struct FeeSettlement {
    RequestId requestId;
    address node;
    ModelId modelId;
    uint96 fee;
    uint96 royalty;
}

/// @title All fee money
/// @notice Holds OPG in balances, locks, earnings, royalties and channels (see `IPaymentChannels`), and nothing else:
/// at all times `OPG.balanceOf(escrow) ≥ Σ balances + Σ locks + Σ earnings + Σ royalties + Σ (deposit - claimed) of
/// channels`, with equality unless somebody sent OPG here by mistake.
///
/// A balance can be locked only by the contract that its owner authorised; a lock can be ended only by the contract that
/// made it, and pays nobody but node, publisher, treasury and payer. No role, not even governance short of an upgrade, can
/// move a balance.
///
///     payer's balance ──lock──▶ lock ──release──▶ earnings ──collectEarnings──▶ node's balance, treasury's balance
///            ▲                   │  └───────────▶ royalties ──collectRoyalties──▶ publisher's balance
///            └─────refund────────┘
interface IFeeEscrow is IPaymentChannels {
    /// @notice OPG arrived for an account.
    event Deposited(address indexed account, address indexed from, uint256 amount);

    /// @notice OPG left an account.
    event Withdrawn(address indexed account, address indexed to, uint256 amount);

    /// @notice An account named the address that it is paid out to.
    event PayoutAddressChanged(address indexed account, address indexed to);

    /// @notice An account lets this contract, and no other, lock its balance; zero: none.
    event LockerAuthorized(address indexed account, address indexed locker);

    /// @notice A payer's money was put aside for a request.
    event FeeLocked(address indexed locker, RequestId indexed requestId, address indexed payer, uint256 amount);

    /// @notice A locked fee was earned; `refunded` went back to the payer.
    event FeeReleased(
        address indexed locker,
        RequestId indexed requestId,
        address indexed node,
        uint256 earned,
        uint256 royalty,
        uint256 refunded
    );

    /// @notice A locked fee went back to the payer whole.
    event FeeRefunded(address indexed locker, RequestId indexed requestId, address indexed payer, uint256 amount);

    /// @notice Part of a lock was earned by an account; the rest stays locked.
    event FeePartReleased(address indexed locker, RequestId indexed requestId, address indexed account, uint256 earned);

    /// @notice Part of a lock went back to the payer; the rest stays locked.
    event FeePartRefunded(address indexed locker, RequestId indexed requestId, address indexed payer, uint256 amount);

    /// @notice A node's earnings moved to its balance, less the treasury's share.
    event EarningsCollected(address indexed node, uint256 amount, uint256 treasuryAmount);

    /// @notice A model's royalties moved to its publisher's balance.
    event RoyaltiesCollected(ModelId indexed modelId, address indexed publisher, uint256 amount);

    /// @notice The treasury's account, or its share of earnings, changed.
    event TreasuryChanged(address indexed treasury, uint256 shareBps);

    /// @notice An amount of zero moves nothing.
    error FeeEscrowZeroAmount();

    /// @notice No account, or nobody to pay.
    error FeeEscrowZeroAddress();

    /// @notice The account holds less than asked for.
    error FeeEscrowInsufficientBalance(address account, uint256 balance, uint256 needed);

    /// @notice The account named no address to be paid out to.
    error FeeEscrowNoPayoutAddress(address account);

    /// @notice The payer did not authorise the caller to lock its balance; it authorised `authorized`.
    error FeeEscrowLockerNotAuthorized(address payer, address locker, address authorized);

    /// @notice The caller holds a lock for this request already.
    error FeeEscrowAlreadyLocked(address locker, RequestId requestId);

    /// @notice The caller holds no lock for this request.
    error FeeEscrowNotLocked(address locker, RequestId requestId);

    /// @notice More was earned than is locked.
    error FeeEscrowFeeExceedsLock(uint256 fee, uint256 locked);

    /// @notice The royalty is more than the whole fee.
    error FeeEscrowRoyaltyExceedsFee(uint256 royalty, uint256 fee);

    /// @notice The treasury's share is above the hard cap.
    error FeeEscrowShareTooHigh(uint256 shareBps, uint256 limitBps);

    /// @notice Puts OPG of the caller into an account. The caller must have approved this contract.
    function deposit(address account, uint256 amount) external;

    /// @notice Like `deposit`, with the approval as an EIP-2612 signature. A permit that somebody else already submitted
    /// does no harm.
    function depositWithPermit(
        address account,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Takes OPG out of the caller's account.
    function withdraw(uint256 amount, address to) external;

    /// @notice Names the address that `payOut` sends the caller's account to; zero ends it.
    function setPayoutAddress(address to) external;

    /// @notice Collects the earnings of `account` and sends its whole balance to the address that the account itself named.
    /// Anyone may call: a node's hot key can, without being able to redirect the money.
    function payOut(address account) external returns (uint256 amount);

    /// @notice Lets `locker` lock the caller's balance for requests, instead of any contract named before; zero: nobody.
    /// Existing locks stay.
    function authorizeLocker(address locker) external;

    /// @notice Puts money of `payer` aside. Called by the contract that the payer authorised.
    function lock(RequestId requestId, address payer, uint96 amount) external;

    /// @notice Ends a lock of the caller's: the node earned the fee less royalty, the model its royalty, the payer gets back
    /// the rest.
    function release(FeeSettlement calldata settlement) external;

    /// @notice `release` for many locks of the caller's; all of them, or none.
    function releaseMany(FeeSettlement[] calldata settlements) external;

    /// @notice Ends a lock of the caller's: the payer gets everything back.
    function refund(RequestId requestId) external;

    /// @notice Pays an account out of a lock of the caller's, which keeps the rest; with the last of it the lock ends.
    function releasePart(RequestId requestId, address account, uint96 amount) external;

    /// @notice The same back to the payer.
    function refundPart(RequestId requestId, uint96 amount) external;

    /// @notice Moves a node's earnings to its balance, and the treasury's share of them to the treasury's. Anyone may call.
    function collectEarnings(address node) external returns (uint256 amount);

    /// @notice Moves a model's royalties to the balance of whoever is its publisher now. Anyone may call.
    function collectRoyalties(ModelId modelId) external returns (uint256 amount);

    /// @notice Sets the treasury's account and its share of earnings, at most `MAX_TREASURY_BPS`. Governance only, behind its
    /// delay. The share applies when earnings are collected.
    function setTreasury(address treasury, uint16 shareBps) external;

    /// @notice OPG in wei that the account can spend or withdraw, without earnings not yet collected.
    function balanceOf(address account) external view returns (uint256);

    /// @notice OPG in wei that a node earned and did not collect, before the treasury's share.
    function earningsOf(address node) external view returns (uint256);

    /// @notice OPG in wei of royalties that a model earned and its publisher did not collect.
    function royaltiesOf(ModelId modelId) external view returns (uint256);

    /// @notice The contract that may lock the account's balance, or zero.
    function lockerOf(address account) external view returns (address);

    /// @notice Where `payOut` sends an account, or zero.
    function payoutAddressOf(address account) external view returns (address);

    /// @notice What `locker` holds for a request; zero payer if nothing.
    function lockOf(address locker, RequestId requestId) external view returns (FeeLock memory);

    /// @notice The treasury's account and its share of earnings in basis points.
    function treasury() external view returns (address account, uint16 shareBps);
}
