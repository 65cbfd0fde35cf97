// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChannelId} from "../types/ChannelId.sol";
import {ChannelStatus} from "../types/ChannelState.sol";
import {IAttestedKeys} from "./IAttestedKeys.sol";

/// @notice A channel as the outside sees it.
/// @param status Where it stands.
/// @param deposit All that was put in, less what a close gave back, in OPG wei.
/// @param claimed How much of it the node has, in OPG wei.
/// @param closesAt Unix time in seconds from which a closing channel can be closed; zero otherwise.
struct ChannelView {
    ChannelStatus status;
    uint256 deposit;
    uint256 claimed;
    uint256 closesAt;
}

/// @notice What a node lets itself be owed at most, in OPG wei; zero: any amount.
struct ExposureLimits {
    uint96 perChannel; // 96 bits: what one channel may hold
    uint96 perRequest; // 96 bits: what one request may pay
    uint64 sequence; // 64 bits: how often the node has changed its mind; what it signed replaces lower numbers only
}

/// @notice An EIP-2612 approval of this contract by the caller, for the amount of the call.
struct PermitSignature {
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// @notice An ERC-3009 `ReceiveWithAuthorization` from the payer to this contract, for the amount of the call. Its
/// nonce is `authorizationNonceOf(channelId, nonceSalt)`.
struct TransferAuthorization {
    uint256 validAfter;
    uint256 validBefore;
    bytes32 nonceSalt;
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// @notice Why a claim was skipped.
enum ClaimRefusal {
    None, // it was not
    UnknownChannel, // payer, node and salt name no channel
    ChannelClosed, // the node had its time
    NotIncreasing, // the node has as much already
    OverDeposit, // the channel never held so much
    BadSignature, // not the payer's; of a metered claim also: not a signature of the meter in the payer's cap
    MeteringDisabled, // governance named no source of attested keys
    UsageInFuture, // measured later than now
    MeterNotAttested // the key was not attested when it measured, or its source did not answer
}

/// @title Payments from one payer to one node, as many as they like, in two transactions
/// @notice A payer puts OPG into a channel. Off chain it signs a voucher with each request: the total that the node may
/// have so far. On chain the node shows the last voucher whenever it likes, for many channels at once. `FeeEscrow`
/// holds the money and counts a channel's remainder (`deposit - claimed`) among its debts.
///
///     payer's OPG ──open, fund──▶ channel ──claim──▶ node's earnings
///                                    └─────close───▶ payer's balance
///
/// CLOSING takes the node's consent (`closeByNode`, `closeCooperatively`) or `CLAIM_WINDOW` (`startClose`, then
/// `close`). The node can claim until the channel is closed, later than `closesAt` too; whichever transaction comes
/// first counts. A closing channel takes no more money and does not reopen; a closed one never opens again.
///
/// METERING: instead of a voucher per request the payer signs one cap and names a key; the node shows what that key
/// measured and is paid the lower of both. The key must have been attested when it measured.
///
/// What a node should check before it serves: the channel is open, the voucher's signature, and `cumulative ≤ deposit`;
/// of a payer that is a contract, that checking its signature takes far less than 100,000 gas. A wallet can revoke a
/// signature of its own (ERC-1271): claim such vouchers soon.
interface IPaymentChannels {
    /// @notice A channel was opened with a deposit.
    event ChannelOpened(
        ChannelId indexed channelId,
        address indexed payer,
        address indexed node,
        uint96 salt,
        uint256 amount
    );

    /// @notice Money was added; the channel's deposit is now `deposit`.
    event ChannelFunded(ChannelId indexed channelId, uint256 amount, uint256 deposit);

    /// @notice The node was credited up to `cumulative` in all.
    event ChannelClaimed(ChannelId indexed channelId, uint256 cumulative);

    /// @notice A claim was not paid.
    event ClaimSkipped(ChannelId indexed channelId, ClaimRefusal refusal);

    /// @notice The payer wants its money back; from `closesAt` on anyone can close the channel.
    event ChannelClosing(ChannelId indexed channelId, uint256 closesAt);

    /// @notice The channel is closed for good: the node had `claimed` in all, the payer got back `refunded`.
    event ChannelClosed(ChannelId indexed channelId, uint256 claimed, uint256 refunded);

    /// @notice A node said how much it lets itself be owed.
    event ExposureLimitsChanged(address indexed node, ExposureLimits limits);

    /// @notice Governance named who knows attested keys; zero: nobody, metered claims are refused.
    event AttestedKeysChanged(IAttestedKeys indexed attestedKeys);

    /// @notice An amount of zero moves nothing.
    error PaymentChannelsZeroAmount();

    /// @notice The zero address cannot be a node.
    error PaymentChannelsZeroAddress();

    /// @notice Payer, node and salt name a channel that exists or existed.
    error PaymentChannelsAlreadyOpened(ChannelId channelId);

    /// @notice The call needs a channel with another status.
    error PaymentChannelsWrongStatus(ChannelId channelId, ChannelStatus status);

    /// @notice The channel would hold more than its node allows.
    error PaymentChannelsOverLimit(address node, uint256 amount, uint256 limit);

    /// @notice The node's time to claim has not ended.
    error PaymentChannelsTooEarly(ChannelId channelId, uint256 timestamp, uint256 closesAt);

    /// @notice The channel holds less than the node is to have.
    error PaymentChannelsOverDeposit(ChannelId channelId, uint256 cumulative, uint256 deposit);

    /// @notice Not a signature of `signer`.
    error PaymentChannelsBadSignature(address signer);

    /// @notice The node has published limits with this sequence number, or a later one.
    error PaymentChannelsOldLimits(address node, uint256 sequence, uint256 current);

    /// @notice The claim at this byte comes before any node.
    error PaymentChannelsNodeMissing(uint256 offset);

    /// @notice Opens a channel from the caller, with OPG of the caller, who must have approved this contract.
    /// @param node Who is to be paid.
    /// @param salt Any number with which the caller opened no channel to this node before.
    /// @param amount OPG in wei, at most the node's limit.
    function openChannel(address node, uint96 salt, uint96 amount) external returns (ChannelId channelId);

    /// @notice Like `openChannel`, with the approval as a signature. A permit that somebody else already submitted does
    /// no harm.
    function openChannelWithPermit(
        address node,
        uint96 salt,
        uint96 amount,
        PermitSignature calldata permit
    ) external returns (ChannelId channelId);

    /// @notice Like `openChannel` for `payer`, with its transfer as a signature, which names the channel. Anyone may
    /// call.
    function openChannelWithAuthorization(
        address payer,
        address node,
        uint96 salt,
        uint96 amount,
        TransferAuthorization calldata authorization
    ) external returns (ChannelId channelId);

    /// @notice Puts more OPG of the caller into an open channel of the caller's. Refused once it is closing.
    function fundChannel(address node, uint96 salt, uint96 amount) external;

    /// @notice Like `fundChannel`, with the approval as a signature.
    function fundChannelWithPermit(address node, uint96 salt, uint96 amount, PermitSignature calldata permit) external;

    /// @notice Like `fundChannel` for `payer`, with its transfer as a signature, which names the channel. Anyone may
    /// call.
    function fundChannelWithAuthorization(
        address payer,
        address node,
        uint96 salt,
        uint96 amount,
        TransferAuthorization calldata authorization
    ) external;

    /// @notice Credits nodes with what payers signed for, less what they were credited with before. Anyone may call.
    /// @dev A claim that does not hold is skipped, with the reason in an event. Bytes that are no records revert, and
    /// so does too little gas for checking the signature of a contract. Claims of one node should stand together: each
    /// change of node is a storage write.
    /// @param packed Records as `libraries/PackedClaims.sol` defines them.
    /// @return total OPG in wei that was credited, before the treasury's share.
    function claim(bytes calldata packed) external returns (uint256 total);

    /// @notice Starts to close an open channel of the caller's. The node has `CLAIM_WINDOW` to claim.
    function startClose(address node, uint96 salt) external;

    /// @notice Closes a closing channel from `closesAt` on: what it holds goes to the payer's balance. Anyone may call.
    function close(address payer, address node, uint96 salt) external;

    /// @notice Closes a channel to the caller at once: what it holds goes to the payer's balance.
    /// @dev Warning: the caller gives up what it did not claim. Claim first, in one `multicall`.
    function closeByNode(address payer, uint96 salt) external;

    /// @notice Closes a channel of the caller's at once, with the node's consent: the node gets `cumulative` in all if
    /// that is more than it has, what remains goes to the caller's balance.
    /// @dev Warning to nodes: the consent has no end. Serve nothing more on a channel after signing.
    /// @param signature `CooperativeClose(channelId, cumulative)`, signed by the node: compact (EIP-2098), or for its
    /// contract.
    function closeCooperatively(address node, uint96 salt, uint96 cumulative, bytes calldata signature) external;

    /// @notice Says how much the caller, a node, lets itself be owed; zero: any amount. Holds for what comes: channels
    /// that hold more keep it.
    function setExposureLimits(uint96 perChannel, uint96 perRequest) external;

    /// @notice The same with a node's signature instead of its transaction: anyone may bring it. It replaces limits with a lower
    /// `sequence`, and is void once there are others with the same or a higher one.
    /// @param signature `ExposureLimits(node, perChannel, perRequest, sequence)`, signed by the node: compact (EIP-2098), or for
    /// its contract.
    function publishExposureLimits(address node, ExposureLimits calldata limits, bytes calldata signature) external;

    /// @notice Names the contract that knows attested keys; zero ends metering. Governance only, behind its delay.
    function setAttestedKeys(IAttestedKeys attestedKeys) external;

    /// @notice Seconds that a node has to claim once the payer started to close.
    function CLAIM_WINDOW() external view returns (uint256);

    /// @notice Id of the channel between two accounts with this salt, open or not.
    function channelIdOf(address payer, address node, uint96 salt) external pure returns (ChannelId);

    /// @notice A channel; all zero if it was never opened.
    function channelOf(ChannelId channelId) external view returns (ChannelView memory);

    /// @notice What a node lets itself be owed.
    function exposureLimitsOf(address node) external view returns (ExposureLimits memory);

    /// @notice The most that one request may pay the node, in OPG wei; the highest number if the node set no limit.
    function maxPerRequest(address node) external view returns (uint256);

    /// @notice Who knows attested keys, or zero.
    function attestedKeys() external view returns (IAttestedKeys);

    /// @notice What a payer signs to let the node have `cumulative` in all.
    function voucherDigestOf(ChannelId channelId, uint96 cumulative) external view returns (bytes32);

    /// @notice What a payer signs to let the node have what `meter` measures, up to `cap` in all.
    function meteringCapDigestOf(ChannelId channelId, address meter, uint96 cap) external view returns (bytes32);

    /// @notice What an attested key signs: until `timestamp`, the payer used up `usage` in all.
    function usageDigestOf(ChannelId channelId, uint96 usage, uint64 timestamp) external view returns (bytes32);

    /// @notice What a node signs to let the payer close once the node has `cumulative` in all.
    function cooperativeCloseDigestOf(ChannelId channelId, uint96 cumulative) external view returns (bytes32);

    /// @notice What a node signs to publish its limits.
    function exposureLimitsDigestOf(address node, ExposureLimits calldata limits) external view returns (bytes32);

    /// @notice Nonce of an ERC-3009 authorisation that pays into this channel.
    function authorizationNonceOf(ChannelId channelId, bytes32 nonceSalt) external pure returns (bytes32);
}
