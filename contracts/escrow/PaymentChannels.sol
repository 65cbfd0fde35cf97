// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Pausing} from "../governance/Pausing.sol";
import {IAttestedKeys} from "../interfaces/IAttestedKeys.sol";
import {
    ChannelView,
    ClaimRefusal,
    ExposureLimits,
    IPaymentChannels,
    PermitSignature,
    TransferAuthorization
} from "../interfaces/IPaymentChannels.sol";
import {BoundedCall} from "../libraries/BoundedCall.sol";
import {ChannelMessages} from "../libraries/ChannelMessages.sol";
import {Durations} from "../libraries/Durations.sol";
import {PackedClaim, PackedClaims} from "../libraries/PackedClaims.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {ChannelId, ChannelIds} from "../types/ChannelId.sol";
import {ChannelState, ChannelStates, ChannelStatus} from "../types/ChannelState.sol";

/// @title PaymentChannels
/// @notice The part of `FeeEscrow` that pays by voucher.
/// @dev ONE SLOT PER CHANNEL
///
/// Who pays whom is never stored: the hash of payer, node and salt is the channel's id, and every call brings them
/// along. A claim reads and writes one slot, and a run of claims of one node ends in one write of its earnings.
///
/// WHAT THIS TRUSTS
///
/// - OPG, to move exactly what it says and to call nobody back.
/// - The source of attested keys, for metered claims only, to know keys. It cannot exceed a payer's cap, and its
///   failure skips metered claims and no others.
/// - Nothing about payers, nodes, and their contracts.
///
/// The domain separator comes from the non-upgradeable {EIP712}: its cached parts are immutables, which a proxy shares,
/// where the upgradeable variant reads two strings from storage each time.
abstract contract PaymentChannels is IPaymentChannels, Pausing, ReentrancyGuardTransient, EIP712 {
    using MessageHashUtils for bytes32;
    using PackedClaims for bytes;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @custom:storage-location erc7201:opengradient.storage.PaymentChannels
    struct ChannelStorage {
        mapping(ChannelId channelId => ChannelState) channels;
        mapping(address node => ExposureLimits) limits;
        IAttestedKeys attestedKeys;
    }

    /// @inheritdoc IPaymentChannels
    uint256 public constant CLAIM_WINDOW = Durations.CHANNEL_CLAIM_WINDOW;

    bytes32 private constant STORAGE_SLOT = bytes32(erc7201("opengradient.storage.PaymentChannels"));

    /// @dev Gas that the source of attested keys gets for an answer: a proxy and a few reads of storage.
    uint256 private constant ATTESTATION_GAS = 50_000;

    constructor() EIP712("OpenGradient FeeEscrow", "1") {}

    // OPEN

    /// @inheritdoc IPaymentChannels
    function openChannel(address node, uint96 salt, uint96 amount) external nonReentrant returns (ChannelId channelId) {
        channelId = _open(msg.sender, node, salt, amount);
        _opg().safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IPaymentChannels
    function openChannelWithPermit(
        address node,
        uint96 salt,
        uint96 amount,
        PermitSignature calldata permit
    ) external nonReentrant returns (ChannelId channelId) {
        channelId = _open(msg.sender, node, salt, amount);
        _permit(amount, permit);
        _opg().safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IPaymentChannels
    function openChannelWithAuthorization(
        address payer,
        address node,
        uint96 salt,
        uint96 amount,
        TransferAuthorization calldata authorization
    ) external nonReentrant returns (ChannelId channelId) {
        channelId = _open(payer, node, salt, amount);
        _receive(channelId, payer, amount, authorization);
    }

    function _open(
        address payer,
        address node,
        uint96 salt,
        uint96 amount
    ) private whenNotPaused returns (ChannelId channelId) {
        require(amount != 0, PaymentChannelsZeroAmount());
        require(node != address(0), PaymentChannelsZeroAddress());
        channelId = ChannelIds.channelIdOf(payer, node, salt);
        ChannelStorage storage $ = _channelStorage();
        require($.channels[channelId].status() == ChannelStatus.None, PaymentChannelsAlreadyOpened(channelId));
        _requireWithinLimit(node, amount);

        $.channels[channelId] = ChannelStates.opened(amount);
        emit ChannelOpened(channelId, payer, node, salt, amount);
    }

    // FUND

    /// @inheritdoc IPaymentChannels
    function fundChannel(address node, uint96 salt, uint96 amount) external nonReentrant {
        _fund(msg.sender, node, salt, amount);
        _opg().safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IPaymentChannels
    function fundChannelWithPermit(
        address node,
        uint96 salt,
        uint96 amount,
        PermitSignature calldata permit
    ) external nonReentrant {
        _fund(msg.sender, node, salt, amount);
        _permit(amount, permit);
        _opg().safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IPaymentChannels
    function fundChannelWithAuthorization(
        address payer,
        address node,
        uint96 salt,
        uint96 amount,
        TransferAuthorization calldata authorization
    ) external nonReentrant {
        ChannelId channelId = _fund(payer, node, salt, amount);
        _receive(channelId, payer, amount, authorization);
    }

    function _fund(
        address payer,
        address node,
        uint96 salt,
        uint96 amount
    ) private whenNotPaused returns (ChannelId channelId) {
        require(amount != 0, PaymentChannelsZeroAmount());
        ChannelState state;
        (channelId, state) = _requireStatus(payer, node, salt, ChannelStatus.Open);
        _requireWithinLimit(node, uint256(state.remaining()) + amount);
        uint96 deposit = (uint256(state.deposit()) + amount).toUint96();

        _channelStorage().channels[channelId] = state.withDeposit(deposit);
        emit ChannelFunded(channelId, amount, deposit);
    }

    function _requireWithinLimit(address node, uint256 amount) private view {
        uint256 limit = _channelStorage().limits[node].perChannel;
        require(limit == 0 || amount <= limit, PaymentChannelsOverLimit(node, amount, limit));
    }

    function _permit(uint96 amount, PermitSignature calldata permit) private {
        // A permit lifted from the mempool and submitted first leaves the allowance in place: the transfer decides.
        try
            IERC20Permit(address(_opg())).permit(
                msg.sender,
                address(this),
                amount,
                permit.deadline,
                permit.v,
                permit.r,
                permit.s
            )
        {} catch {}
    }

    /// @dev Nobody else can use the authorisation: the token hands it only to the receiver that it names.
    function _receive(
        ChannelId channelId,
        address payer,
        uint96 amount,
        TransferAuthorization calldata authorization
    ) private {
        IERC3009(address(_opg())).receiveWithAuthorization(
            payer,
            address(this),
            amount,
            authorization.validAfter,
            authorization.validBefore,
            ChannelMessages.authorizationNonce(channelId, authorization.nonceSalt),
            authorization.v,
            authorization.r,
            authorization.s
        );
    }

    // CLAIM

    /// @inheritdoc IPaymentChannels
    function claim(bytes calldata packed) external nonReentrant returns (uint256 total) {
        // Behind a proxy it is computed each time: once for all.
        bytes32 domainSeparator = _domainSeparatorV4();
        address node;
        uint256 earned;
        uint256 offset;
        while (offset < packed.length) {
            if (packed.isNodeAt(offset)) {
                if (earned != 0) _creditEarnings(node, earned);
                total += earned;
                (node, earned) = (packed.nodeAt(offset), 0);
                offset += PackedClaims.NODE_BYTES;
            } else {
                require(node != address(0), PaymentChannelsNodeMissing(offset));
                PackedClaim memory item = packed.claimAt(offset);
                earned += _claim(node, packed, item, domainSeparator);
                offset = item.end;
            }
        }
        if (earned != 0) _creditEarnings(node, earned);
        total += earned;
    }

    /// @dev Pays one claim or skips it. Calls to others in between are static: nothing can have changed after them.
    function _claim(
        address node,
        bytes calldata packed,
        PackedClaim memory item,
        bytes32 domainSeparator
    ) private returns (uint256 earned) {
        ChannelId channelId = ChannelIds.channelIdOf(item.payer, node, item.salt);
        ChannelState state = _channelStorage().channels[channelId];
        uint96 cumulative = _cumulativeOf(packed, item);
        ClaimRefusal refusal = _refusalByState(state, cumulative);
        if (refusal == ClaimRefusal.None) {
            refusal =
                item.metered
                    ? _refusalByMeter(channelId, packed, item, domainSeparator)
                    : _refusalByPayer(ChannelMessages.voucher(channelId, cumulative), packed, item, domainSeparator);
        }
        if (refusal != ClaimRefusal.None) {
            emit ClaimSkipped(channelId, refusal);
            return 0;
        }
        // Not less than 1: `cumulative` is more than was claimed.
        earned = cumulative - state.claimed();

        _channelStorage().channels[channelId] = state.withClaimed(cumulative);
        emit ChannelClaimed(channelId, cumulative);
    }

    /// @dev What the node is to have in all.
    function _cumulativeOf(bytes calldata packed, PackedClaim memory item) private pure returns (uint96) {
        if (!item.metered) return item.amount;
        (uint96 usage, ) = packed.usageOf(item);
        // One of two numbers of 96 bits.
        return uint96(Math.min(item.amount, usage));
    }

    function _refusalByState(ChannelState state, uint96 cumulative) private pure returns (ClaimRefusal) {
        if (!state.isLive()) {
            return state.status() == ChannelStatus.None ? ClaimRefusal.UnknownChannel : ClaimRefusal.ChannelClosed;
        }
        if (cumulative <= state.claimed()) return ClaimRefusal.NotIncreasing;
        return cumulative > state.deposit() ? ClaimRefusal.OverDeposit : ClaimRefusal.None;
    }

    function _refusalByPayer(
        bytes32 structHash,
        bytes calldata packed,
        PackedClaim memory item,
        bytes32 domainSeparator
    ) private view returns (ClaimRefusal) {
        bytes32 digest = domainSeparator.toTypedDataHash(structHash);
        bool signed;
        if (item.byContract) {
            signed = Signatures.isSignedByContract(item.payer, digest, packed.contractSignatureOf(item));
        } else {
            (bytes32 r, bytes32 vs) = packed.compactAt(item.signatureAt);
            signed = Signatures.isSignedByKey(item.payer, digest, r, vs);
        }
        return signed ? ClaimRefusal.None : ClaimRefusal.BadSignature;
    }

    /// @dev The meter is whoever signed the usage; the payer's cap names it, and the source of attested keys knows it.
    function _refusalByMeter(
        ChannelId channelId,
        bytes calldata packed,
        PackedClaim memory item,
        bytes32 domainSeparator
    ) private view returns (ClaimRefusal) {
        IAttestedKeys source = _channelStorage().attestedKeys;
        if (address(source) == address(0)) return ClaimRefusal.MeteringDisabled;
        (uint96 usage, uint64 timestamp) = packed.usageOf(item);
        if (timestamp > block.timestamp) return ClaimRefusal.UsageInFuture;
        (bytes32 r, bytes32 vs) = packed.meterSignatureOf(item);
        bytes32 usageHash = ChannelMessages.usage(channelId, usage, timestamp);
        address meter = Signatures.recover(domainSeparator.toTypedDataHash(usageHash), r, vs);
        if (meter == address(0)) return ClaimRefusal.BadSignature;
        bytes32 capHash = ChannelMessages.meteringCap(channelId, meter, item.amount);
        ClaimRefusal refusal = _refusalByPayer(capHash, packed, item, domainSeparator);
        if (refusal != ClaimRefusal.None) return refusal;
        return _isAttestedAt(source, meter, timestamp) ? ClaimRefusal.None : ClaimRefusal.MeterNotAttested;
    }

    function _isAttestedAt(IAttestedKeys source, address key, uint64 timestamp) private view returns (bool) {
        (bool success, uint256 answer) = BoundedCall.tryStaticCall(
            address(source),
            ATTESTATION_GAS,
            abi.encodeCall(IAttestedKeys.isAttestedAt, (key, timestamp))
        );
        return success && answer == 1;
    }

    // CLOSE

    /// @inheritdoc IPaymentChannels
    function startClose(address node, uint96 salt) external nonReentrant {
        (ChannelId channelId, ChannelState state) = _requireStatus(msg.sender, node, salt, ChannelStatus.Open);
        uint256 closesAt = block.timestamp + CLAIM_WINDOW;

        _channelStorage().channels[channelId] = state.closing(closesAt.toUint40());
        emit ChannelClosing(channelId, closesAt);
    }

    /// @inheritdoc IPaymentChannels
    function close(address payer, address node, uint96 salt) external nonReentrant {
        (ChannelId channelId, ChannelState state) = _requireStatus(payer, node, salt, ChannelStatus.Closing);
        uint256 closesAt = state.closesAt();
        require(block.timestamp >= closesAt, PaymentChannelsTooEarly(channelId, block.timestamp, closesAt));

        _close(channelId, state, payer, state.claimed());
    }

    /// @inheritdoc IPaymentChannels
    function closeByNode(address payer, uint96 salt) external nonReentrant {
        (ChannelId channelId, ChannelState state) = _requireLive(payer, msg.sender, salt);

        _close(channelId, state, payer, state.claimed());
    }

    /// @inheritdoc IPaymentChannels
    function closeCooperatively(
        address node,
        uint96 salt,
        uint96 cumulative,
        bytes calldata signature
    ) external nonReentrant {
        (ChannelId channelId, ChannelState state) = _requireLive(msg.sender, node, salt);
        uint96 deposit = state.deposit();
        require(cumulative <= deposit, PaymentChannelsOverDeposit(channelId, cumulative, deposit));
        bytes32 digest = _hashTypedDataV4(ChannelMessages.cooperativeClose(channelId, cumulative));
        require(Signatures.isSigned(node, digest, signature), PaymentChannelsBadSignature(node));
        uint96 claimed = state.claimed();
        // One of two numbers of 96 bits.
        uint96 settled = uint96(Math.max(claimed, cumulative));

        if (settled != claimed) {
            _creditEarnings(node, settled - claimed);
            emit ChannelClaimed(channelId, settled);
        }
        _close(channelId, state, msg.sender, settled);
    }

    /// @dev Ends a channel of which the node has `claimed` in all.
    function _close(ChannelId channelId, ChannelState state, address payer, uint96 claimed) private {
        uint256 refunded = state.deposit() - claimed;

        _channelStorage().channels[channelId] = ChannelStates.closed(claimed);
        if (refunded != 0) _credit(payer, refunded);
        emit ChannelClosed(channelId, claimed, refunded);
    }

    function _requireStatus(
        address payer,
        address node,
        uint96 salt,
        ChannelStatus wanted
    ) private view returns (ChannelId channelId, ChannelState state) {
        channelId = ChannelIds.channelIdOf(payer, node, salt);
        state = _channelStorage().channels[channelId];
        require(state.status() == wanted, PaymentChannelsWrongStatus(channelId, state.status()));
    }

    function _requireLive(
        address payer,
        address node,
        uint96 salt
    ) private view returns (ChannelId channelId, ChannelState state) {
        channelId = ChannelIds.channelIdOf(payer, node, salt);
        state = _channelStorage().channels[channelId];
        require(state.isLive(), PaymentChannelsWrongStatus(channelId, state.status()));
    }

    // LIMIT

    /// @inheritdoc IPaymentChannels
    function setExposureLimits(uint96 perChannel, uint96 perRequest) external {
        uint64 current = _channelStorage().limits[msg.sender].sequence;
        _setLimits(msg.sender, ExposureLimits(perChannel, perRequest, current + 1));
    }

    /// @inheritdoc IPaymentChannels
    function publishExposureLimits(address node, ExposureLimits calldata limits, bytes calldata signature) external {
        uint64 current = _channelStorage().limits[node].sequence;
        require(limits.sequence > current, PaymentChannelsOldLimits(node, limits.sequence, current));
        require(
            Signatures.isSigned(node, exposureLimitsDigestOf(node, limits), signature),
            PaymentChannelsBadSignature(node)
        );

        _setLimits(node, limits);
    }

    function _setLimits(address node, ExposureLimits memory limits) private {
        _channelStorage().limits[node] = limits;
        emit ExposureLimitsChanged(node, limits);
    }

    // GOVERN

    /// @inheritdoc IPaymentChannels
    function setAttestedKeys(IAttestedKeys source) external restricted {
        _channelStorage().attestedKeys = source;
        emit AttestedKeysChanged(source);
    }

    // READ

    /// @inheritdoc IPaymentChannels
    function channelIdOf(address payer, address node, uint96 salt) external pure returns (ChannelId) {
        return ChannelIds.channelIdOf(payer, node, salt);
    }

    /// @inheritdoc IPaymentChannels
    function channelOf(ChannelId channelId) external view returns (ChannelView memory) {
        ChannelState state = _channelStorage().channels[channelId];
        return
            ChannelView({
                status: state.status(),
                deposit: state.deposit(),
                claimed: state.claimed(),
                closesAt: state.closesAt()
            });
    }

    /// @inheritdoc IPaymentChannels
    function exposureLimitsOf(address node) external view returns (ExposureLimits memory) {
        return _channelStorage().limits[node];
    }

    /// @inheritdoc IPaymentChannels
    function maxPerRequest(address node) external view returns (uint256) {
        uint256 limit = _channelStorage().limits[node].perRequest;
        return limit == 0 ? type(uint256).max : limit;
    }

    /// @inheritdoc IPaymentChannels
    function attestedKeys() external view returns (IAttestedKeys) {
        return _channelStorage().attestedKeys;
    }

    /// @inheritdoc IPaymentChannels
    function voucherDigestOf(ChannelId channelId, uint96 cumulative) external view returns (bytes32) {
        return _hashTypedDataV4(ChannelMessages.voucher(channelId, cumulative));
    }

    /// @inheritdoc IPaymentChannels
    function meteringCapDigestOf(ChannelId channelId, address meter, uint96 cap) external view returns (bytes32) {
        return _hashTypedDataV4(ChannelMessages.meteringCap(channelId, meter, cap));
    }

    /// @inheritdoc IPaymentChannels
    function usageDigestOf(ChannelId channelId, uint96 usage, uint64 timestamp) external view returns (bytes32) {
        return _hashTypedDataV4(ChannelMessages.usage(channelId, usage, timestamp));
    }

    /// @inheritdoc IPaymentChannels
    function cooperativeCloseDigestOf(ChannelId channelId, uint96 cumulative) external view returns (bytes32) {
        return _hashTypedDataV4(ChannelMessages.cooperativeClose(channelId, cumulative));
    }

    /// @inheritdoc IPaymentChannels
    function exposureLimitsDigestOf(address node, ExposureLimits calldata limits) public view returns (bytes32) {
        return _hashTypedDataV4(ChannelMessages.exposureLimits(node, limits));
    }

    /// @inheritdoc IPaymentChannels
    function authorizationNonceOf(ChannelId channelId, bytes32 nonceSalt) external pure returns (bytes32) {
        return ChannelMessages.authorizationNonce(channelId, nonceSalt);
    }

    // THE ESCROW

    /// @dev The only money here.
    function _opg() internal view virtual returns (IERC20);

    /// @dev Adds to what an account can spend.
    function _credit(address account, uint256 amount) internal virtual;

    /// @dev Adds to what a node earned, before the treasury's share.
    function _creditEarnings(address node, uint256 amount) internal virtual;

    function _channelStorage() private pure returns (ChannelStorage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
