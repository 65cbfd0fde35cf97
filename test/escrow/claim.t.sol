// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ClaimRefusal, IPaymentChannels} from "../../contracts/interfaces/IPaymentChannels.sol";
import {ChannelMessages} from "../../contracts/libraries/ChannelMessages.sol";
import {PackedClaims} from "../../contracts/libraries/PackedClaims.sol";
import {HostileWallet} from "../../contracts/mocks/HostileWallet.sol";
import {ChannelId, ChannelIds} from "../../contracts/types/ChannelId.sol";
import {ChannelFixture} from "../fixtures/ChannelFixture.sol";

contract ClaimTest is ChannelFixture {
    uint256 private constant DEPOSIT = 1_000e18;

    function setUp() public {
        setUpChannels();
        open(0, DEPOSIT);
    }

    // VOUCHERS

    function testFuzz_claim_Pays_TheDifference(uint256 first, uint256 second) public {
        first = bound(first, 1, DEPOSIT - 1);
        second = bound(second, first + 1, DEPOSIT);
        assertEq(claimFor(signedVoucher(0, first)), first, "first");
        assertEq(claimFor(signedVoucher(0, second)), second - first, "second");
        assertEq(escrow.earningsOf(node), second, "earned");
        assertEq(claimed(0), second, "claimed");
    }

    function testFuzz_claim_Skips_NotIncreasing(uint256 first, uint256 second) public {
        first = bound(first, 1, DEPOSIT);
        second = bound(second, 0, first);
        claimFor(signedVoucher(0, first));
        assertRefused(signedVoucher(0, second), ClaimRefusal.NotIncreasing, "not more than before");
    }

    function testFuzz_claim_Skips_MoreThanTheDeposit(uint256 cumulative) public {
        cumulative = bound(cumulative, DEPOSIT + 1, type(uint96).max);
        assertRefused(signedVoucher(0, cumulative), ClaimRefusal.OverDeposit, "more than there is");
        assertEq(claimFor(signedVoucher(0, DEPOSIT)), DEPOSIT, "all of it");
    }

    function testFuzz_claim_Skips_UnknownChannels(uint96 salt, address other) public {
        vm.assume(salt != 0);
        assertRefused(signedVoucher(salt, 1), ClaimRefusal.UnknownChannel, "other salt");
        vm.assume(other != node && other != address(0));
        assertEq(escrow.claim(bytes.concat(nodeRecord(other), signedVoucher(0, 1))), 0, "other node");
        assertEq(escrow.earningsOf(other), 0, "other node's earnings");
    }

    function testFuzz_claim_Skips_OtherSigners(uint256 key, uint256 cumulative) public {
        key = bound(key, 1, KEY_ORDER - 1);
        vm.assume(key != PAYER_KEY);
        cumulative = bound(cumulative, 1, DEPOSIT);
        bytes32 digest = escrow.voucherDigestOf(channel(0), uint96(cumulative));
        bytes memory forged = voucherRecord(payer, 0, cumulative, compact(key, digest));
        assertRefused(forged, ClaimRefusal.BadSignature, "forged");
    }

    function testFuzz_claim_Skips_OtherChainsAndContracts(uint64 chainId, address verifier) public {
        vm.assume(chainId != block.chainid && verifier != address(escrow));
        bytes32 voucher = ChannelMessages.voucher(channel(0), 1);
        bytes32 own = digestFor(block.chainid, address(escrow), voucher);
        assertEq(own, escrow.voucherDigestOf(channel(0), 1), "the digest is made as here");
        bytes32 otherChain = digestFor(chainId, address(escrow), voucher);
        bytes memory record = voucherRecord(payer, 0, 1, compact(PAYER_KEY, otherChain));
        assertRefused(record, ClaimRefusal.BadSignature, "other chain");
        bytes32 otherContract = digestFor(block.chainid, verifier, voucher);
        record = voucherRecord(payer, 0, 1, compact(PAYER_KEY, otherContract));
        assertRefused(record, ClaimRefusal.BadSignature, "other contract");
    }

    function testFuzz_claim_Skips_AfterAFork(uint64 chainId) public {
        vm.assume(chainId != block.chainid && chainId != 0);
        bytes memory record = signedVoucher(0, 1);
        uint256 before = block.chainid;
        vm.chainId(chainId);
        assertRefused(record, ClaimRefusal.BadSignature, "the other chain");
        vm.chainId(before);
        assertEq(claimFor(record), 1, "its own chain");
    }

    function testFuzz_claim_Skips_TheOtherFormOfASignature(uint256 cumulative) public {
        cumulative = bound(cumulative, 1, DEPOSIT);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(PAYER_KEY, escrow.voucherDigestOf(channel(0), uint96(cumulative)));
        uint256 otherS = KEY_ORDER - uint256(s);
        // Where it has 256 bits, the highest is lost to the parity: the form cannot be written at all.
        uint256 vs = (otherS & (type(uint256).max >> 1)) | (uint256(28 - v) << 255);
        bytes memory record = voucherRecord(payer, 0, cumulative, abi.encodePacked(r, vs));
        assertRefused(record, ClaimRefusal.BadSignature, "upper half");
    }

    function testFuzz_claim_PaysNothing_WithAnyBitChanged(uint256 bit, uint256 cumulative) public {
        cumulative = bound(cumulative, 1, DEPOSIT);
        bytes memory record = signedVoucher(0, cumulative);
        // Not the kind: other kinds are other records.
        bit = bound(bit, 8, record.length * 8 - 1);
        record[bit / 8] ^= bytes1(uint8(1 << (7 - (bit % 8))));
        assertEq(claimFor(record), 0, "nothing");
        assertEq(claimed(0), 0, "nothing claimed");
    }

    function testFuzz_claim_NeverPays_ForAnyBytes(bytes calldata packed) public {
        try escrow.claim(packed) returns (uint256 total) {
            assertEq(total, 0, "paid");
        } catch {}
        assertEq(claimed(0), 0, "claimed");
    }

    function testFuzz_claim_PaysOnce_InOneBatch(uint256 cumulative, uint8 times) public {
        cumulative = bound(cumulative, 1, DEPOSIT);
        bytes memory records;
        for (uint256 i = 0; i < bound(times, 2, 20); ++i) {
            records = bytes.concat(records, signedVoucher(0, cumulative));
        }
        assertEq(claimFor(records), cumulative, "once");
        assertEq(escrow.earningsOf(node), cumulative, "earned");
    }

    // BATCHES

    /// @dev Eight channels; the bits of `bad` say whose claim is spoiled, and `how` in which way.
    function testFuzz_claim_PaysTheGood_AmongTheBad(uint8 bad, uint256 how) public {
        bytes memory records;
        uint256 wanted;
        for (uint96 salt = 1; salt <= 8; ++salt) {
            open(salt, salt * 10);
            bool isBad = bad & (1 << (salt - 1)) != 0;
            records = bytes.concat(records, isBad ? spoiled(salt, how >> (salt * 2)) : signedVoucher(salt, salt));
            if (!isBad) wanted += salt;
        }
        uint256 held = opg.balanceOf(address(escrow));
        assertEq(claimFor(records), wanted, "total");
        assertEq(escrow.earningsOf(node), wanted, "earned");
        assertEq(opg.balanceOf(address(escrow)), held, "nothing leaves");
    }

    function spoiled(uint96 salt, uint256 how) private returns (bytes memory) {
        if (how % 4 == 0) return signedVoucher(salt + 100, 1);
        if (how % 4 == 1) return signedVoucher(salt, salt * 10 + 1);
        if (how % 4 == 2) return voucherRecord(payer, salt, salt, new bytes(64));
        vm.prank(node);
        escrow.closeByNode(payer, salt);
        return signedVoucher(salt, salt);
    }

    function testFuzz_claim_CreditsEachNode_ItsOwn(uint256 a, uint256 b, uint256 c) public {
        (a, b, c) = (bound(a, 1, DEPOSIT), bound(b, 1, DEPOSIT), bound(c, 1, DEPOSIT));
        address other = address(0xbeef);
        vm.prank(payer);
        ChannelId theirs = escrow.openChannel(other, 0, uint96(b));
        open(1, c);
        bytes32 digest = escrow.voucherDigestOf(theirs, uint96(b));
        bytes memory packed = bytes.concat(
            nodeRecord(node),
            signedVoucher(0, a),
            nodeRecord(other),
            voucherRecord(payer, 0, b, compact(PAYER_KEY, digest)),
            nodeRecord(node),
            signedVoucher(1, c)
        );
        assertEq(escrow.claim(packed), a + b + c, "total");
        assertEq(escrow.earningsOf(node), a + c, "the node's");
        assertEq(escrow.earningsOf(other), b, "the other's");
    }

    function testFuzz_claim_Reverts_ACutTail(uint256 length) public {
        bytes memory whole = bytes.concat(nodeRecord(node), signedVoucher(0, 1), signedVoucher(0, 2));
        length = bound(length, 131, whole.length - 1);
        bytes memory packed = new bytes(length);
        for (uint256 i = 0; i < length; ++i) packed[i] = whole[i];
        vm.expectRevert(abi.encodeWithSelector(PackedClaims.PackedClaimsTruncated.selector, 130, whole.length, length));
        escrow.claim(packed);
    }

    function testFuzz_claim_Reverts_UnknownKinds(uint8 kind) public {
        vm.assume(kind != 0 && kind != 1 && kind != 3 && kind != 5 && kind != 7);
        vm.expectRevert(abi.encodeWithSelector(PackedClaims.PackedClaimsUnknownKind.selector, 21, kind));
        claimFor(bytes.concat(bytes1(kind), new bytes(300)));
    }

    // CLOSING

    function testFuzz_claim_Pays_UntilTheChannelIsClosed(uint256 delay, uint256 cumulative) public {
        cumulative = bound(cumulative, 1, DEPOSIT);
        startClose(0);
        // Up to the first second in which anyone could close it, and long after.
        vm.warp(block.timestamp + bound(delay, 0, 2 * escrow.CLAIM_WINDOW()));
        assertEq(claimFor(signedVoucher(0, cumulative)), cumulative, "paid");
        vm.warp(block.timestamp + escrow.CLAIM_WINDOW());
        escrow.close(payer, node, 0);
        assertEq(escrow.balanceOf(payer), DEPOSIT - cumulative, "refunded");
        assertRefused(signedVoucher(0, DEPOSIT), ClaimRefusal.ChannelClosed, "too late");
    }

    // CONTRACTS THAT PAY

    function testFuzz_claim_Takes_WhatAWalletSigned(uint256 cumulative, uint256 key) public {
        cumulative = bound(cumulative, 1, DEPOSIT);
        key = bound(key, 1, KEY_ORDER - 1);
        HostileWallet wallet = openFromWallet();
        bytes32 digest = escrow.voucherDigestOf(channelOf(wallet), uint96(cumulative));
        bytes memory record = contractRecord(address(wallet), 0, cumulative, full(key, digest));
        if (key != PAYER_KEY) assertRefused(record, ClaimRefusal.BadSignature, "not its owner");
        record = contractRecord(address(wallet), 0, cumulative, full(PAYER_KEY, digest));
        assertEq(claimFor(record), cumulative, "its owner");
    }

    function testFuzz_claim_Survives_AHostileWallet(uint8 behaviour, uint256 cumulative) public {
        cumulative = bound(cumulative, 1, DEPOSIT);
        HostileWallet wallet = openFromWallet();
        HostileWallet.Behaviour[6] memory bad = [
            HostileWallet.Behaviour.Refuse,
            HostileWallet.Behaviour.Revert,
            HostileWallet.Behaviour.BurnGas,
            HostileWallet.Behaviour.RevertBomb,
            HostileWallet.Behaviour.ReturnTooLittle,
            HostileWallet.Behaviour.Reenter
        ];
        bytes memory good = signedVoucher(0, cumulative);
        bytes memory inner = abi.encodeCall(IPaymentChannels.claim, (bytes.concat(nodeRecord(node), good)));
        wallet.behave(bad[behaviour % 6], address(escrow), inner);
        bytes memory record = contractRecord(address(wallet), 0, 1, "");
        uint256 gas = gasleft();
        assertEq(claimFor(bytes.concat(record, record, good)), cumulative, "the good one");
        // Twice the wallet's share, and what everything else takes.
        assertLe(gas - gasleft(), 2 * 100_000 + 200_000, "gas");
    }

    /// @dev A wallet of the payer's with a channel to the node.
    function openFromWallet() private returns (HostileWallet wallet) {
        wallet = new HostileWallet(payer);
        opg.transfer(address(wallet), DEPOSIT);
        vm.startPrank(payer);
        wallet.execute(address(opg), abi.encodeCall(opg.approve, (address(escrow), DEPOSIT)));
        wallet.execute(address(escrow), abi.encodeCall(IPaymentChannels.openChannel, (node, 0, uint96(DEPOSIT))));
        vm.stopPrank();
    }

    function channelOf(HostileWallet wallet) private view returns (ChannelId) {
        return ChannelIds.channelIdOf(address(wallet), node, 0);
    }

    function full(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    // METERED

    function metered(uint256 cap, uint256 usage, uint64 timestamp) private pure returns (Metered memory) {
        return Metered(0, cap, usage, timestamp, PAYER_KEY, METER_KEY);
    }

    function testFuzz_meteredClaim_Pays_TheLowerOfCapAndUsage(uint256 cap, uint256 usage, uint256 ago) public {
        (cap, usage) = (bound(cap, 1, DEPOSIT), bound(usage, 1, type(uint96).max));
        uint64 timestamp = uint64(block.timestamp - bound(ago, 0, 1 days));
        keys.attest(meter, timestamp, timestamp + 1);
        uint256 wanted = cap < usage ? cap : usage;
        assertEq(claimFor(meteredRecord(metered(cap, usage, timestamp))), wanted, "paid");
        assertEq(claimed(0), wanted, "claimed");
    }

    function testFuzz_meteredClaim_Skips_KeysNotAttestedThen(uint64 from, uint64 until, uint256 ago) public {
        uint64 timestamp = uint64(block.timestamp - bound(ago, 0, 1 days));
        vm.assume(timestamp < from || timestamp >= until);
        keys.attest(meter, from, until);
        bytes memory record = meteredRecord(metered(1, 1, timestamp));
        assertRefused(record, ClaimRefusal.MeterNotAttested, "not attested");
    }

    function testFuzz_meteredClaim_Skips_OtherSigners(uint256 key) public {
        key = bound(key, 1, KEY_ORDER - 1);
        vm.assume(key != PAYER_KEY && key != METER_KEY);
        uint64 timestamp = uint64(block.timestamp);
        keys.attest(meter, 0, type(uint64).max);
        keys.attest(vm.addr(key), 0, type(uint64).max);
        bytes memory record = meteredRecord(Metered(0, 1, 1, timestamp, key, METER_KEY));
        assertRefused(record, ClaimRefusal.BadSignature, "not the payer");
        record = meteredRecord(Metered(0, 1, 1, timestamp, PAYER_KEY, key));
        assertRefused(record, ClaimRefusal.BadSignature, "not the meter in the cap");
    }

    function testFuzz_meteredClaim_Skips_TheFuture(uint256 ahead) public {
        keys.attest(meter, 0, type(uint64).max);
        uint64 timestamp = uint64(block.timestamp + bound(ahead, 1, type(uint40).max));
        assertRefused(meteredRecord(metered(1, 1, timestamp)), ClaimRefusal.UsageInFuture, "future");
    }

    function testFuzz_meteredClaim_PaysNothing_WithAnyBitChanged(uint256 bit) public {
        keys.attest(meter, 0, type(uint64).max);
        bytes memory record = meteredRecord(metered(DEPOSIT, DEPOSIT / 2, uint64(block.timestamp)));
        bit = bound(bit, 8, record.length * 8 - 1);
        record[bit / 8] ^= bytes1(uint8(1 << (7 - (bit % 8))));
        assertEq(claimFor(record), 0, "nothing");
        assertEq(claimed(0), 0, "nothing claimed");
    }
}
