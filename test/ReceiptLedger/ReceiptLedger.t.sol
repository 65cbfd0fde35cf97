// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DemandStatus} from "../../contracts/interfaces/IReceiptDemands.sol";
import {BatchView} from "../../contracts/interfaces/IReceiptLedger.sol";
import {BatchId} from "../../contracts/types/BatchId.sol";
import {BatchStatus} from "../../contracts/types/BatchState.sol";
import {InferenceReceipt} from "../../contracts/types/InferenceReceipt.sol";
import {RequestId} from "../../contracts/types/RequestId.sol";
import {LedgerFixture} from "../fixtures/LedgerFixture.sol";

/// @title Whoever does whatever in whichever order, the honest lose nothing and lies do not become final
/// @dev Random lives of a ledger with an honest node, one that forges every second receipt, a verifier and a challenger who
/// tries everything on everybody. After each step money and stake must add up (invariants 1 and 5), after each life no batch in
/// which something invalid was shown is final (invariant 7).
contract ReceiptLedgerTest is LedgerFixture {
    address private constant HONEST = address(0x40e57);
    address private constant LIAR = address(0x11a2);
    address private constant VERIFIER = address(0x7e21f);
    address private constant CHALLENGER = address(0xc4a1);
    uint256 private constant HONEST_KEY = 0xa11;
    uint256 private constant LIAR_KEY = 0xb22;
    uint256 private constant OTHER_KEY = 0xc33;
    uint256 private constant STEPS = 40;
    uint256 private constant STAKE = 500_000e18;

    bytes[] private _made; // each an encoded {Made}
    mapping(uint256 index => bool) private _wasShown;
    uint256 private _convictions;

    function setUp() external {
        vm.warp(1_000_000_000);
        deployLedger();
        joinLedger(HONEST, HONEST_KEY, 1);
        joinLedger(LIAR, LIAR_KEY, 1);
        joinLedger(VERIFIER, OTHER_KEY, 2);
        joinLedger(CHALLENGER, OTHER_KEY + 1, 4);
    }

    function test_Fuzz_honestNodesLoseNothingAndLiesDoNotBecomeFinal(uint256 seed) external {
        for (uint256 i = 0; i < STEPS; ++i) {
            act(uint256(keccak256(abi.encode(seed, i))));
            checkMoney();
            checkCollateral(HONEST);
            checkCollateral(LIAR);
        }
        assertEq(staking.slashableOf(HONEST), STAKE, "the honest node's stake");
        for (uint256 i = 0; i < _made.length; ++i) {
            if (_wasShown[i]) assertTrue(viewOf(i).status != BatchStatus.Final, "shown and final");
            if (madeAt(i).node == HONEST) {
                BatchStatus status = viewOf(i).status;
                assertTrue(status == BatchStatus.Committed || status == BatchStatus.Final, "honest and rejected");
            }
        }
    }

    /// @dev That the lives above are no idle ones: each action takes effect in this one.
    function test_everythingHappens() external {
        for (uint256 i = 0; i < 400; ++i) this.actOnce(uint256(keccak256(abi.encode("reach", i))));
        uint256[6] memory reached;
        for (uint256 i = 0; i < _made.length; ++i) ++reached[uint256(viewOf(i).status)];
        assertTrue(reached[uint256(BatchStatus.Final)] > 1, "final");
        assertTrue(reached[uint256(BatchStatus.Closed)] > 1, "closed");
        assertTrue(_convictions > 1, "convictions");
    }

    // STEPS

    /// @dev A call of its own, whose memory ends with it.
    function actOnce(uint256 random) external {
        act(random);
    }

    function act(uint256 random) private {
        uint256 action = random % 12;
        if (action < 2 || _made.length == 0) return commit(random & 256 == 0);
        uint256 which = (random >> 16) % _made.length;
        uint256 place = (random >> 128) % 2;
        if (action == 2) return pass((random >> 64) % 40 minutes);
        if (action == 3) return tryDemand(which, place);
        if (action == 4) return tryReveal(which, place);
        if (action < 7) return tryChallenge(which, place);
        if (action == 7) return tryFee(which, place);
        if (action == 8) return tryExpire(which, place);
        if (action == 9) return tryAttest(which, (random >> 64) % 20e18);
        tryEnd(which);
    }

    function commit(bool isHonest) private {
        (address node, uint256 key) = isHonest ? (HONEST, HONEST_KEY) : (LIAR, LIAR_KEY);
        Made memory made = make(node, key, ledger.nextSeqOf(node, vm.addr(key)), !isHonest);
        bytes memory signature = compact(key, ledger.batchDigestOf(made.batch));
        vm.prank(node);
        ledger.commitBatch(made.batch, signature);
        _made.push(abi.encode(made));
    }

    /// @dev Before time passes, the honest node shows what was demanded.
    function pass(uint256 duration) private {
        for (uint256 i = 0; i < _made.length; ++i) {
            if (madeAt(i).node != HONEST) continue;
            for (uint256 place = 0; place < 2; ++place) tryReveal(i, place);
        }
        vm.warp(block.timestamp + 1 + duration);
    }

    function tryDemand(uint256 which, uint256 place) private {
        vm.prank(CHALLENGER);
        try ledger.demand(madeAt(which).batch, place) {} catch {}
    }

    function tryReveal(uint256 which, uint256 place) private {
        Made memory made = madeAt(which);
        bool isOpen = ledger.demandOf(idOf(which), place).status == DemandStatus.Open;
        if (!isOpen || block.timestamp > ledger.demandOf(idOf(which), place).deadline) return;
        ledger.reveal(made.batch, shownOf(made, place), made.requests[place], made.quote);
    }

    function tryChallenge(uint256 which, uint256 place) private {
        Made memory made = madeAt(which);
        vm.prank(CHALLENGER);
        try ledger.challengeSignature(made.batch, shownOf(made, place)) {
            assertTrue(made.node == LIAR && place == 1, "convicted of what is right");
            _wasShown[which] = true;
            ++_convictions;
        } catch {}
        tryOthers(made, place);
    }

    /// @dev A contradiction that somebody else signed, a total that is right, and a policy that there is not.
    function tryOthers(Made memory made, uint256 place) private {
        InferenceReceipt memory other = made.receipts[place];
        other.outputHash = keccak256("other");
        bytes memory forged = compact(OTHER_KEY, other.digest(address(ledger)));
        try ledger.challengeEquivocation(made.batch, shownOf(made, 1 - place), other, forged) {
            revert AssertionFailed("equivocation", 0, 1);
        } catch {}
        try ledger.challengePolicy(made.batch, shownOf(made, 1 - place)) {
            revert AssertionFailed("policy", 0, 1);
        } catch {}
    }

    function tryFee(uint256 which, uint256 place) private {
        Made memory made = madeAt(which);
        try ledger.challengeFee(made.batch, shownOf(made, place), made.requests[place], made.quote) {
            revert AssertionFailed("fee", 0, 1);
        } catch {}
    }

    function tryExpire(uint256 which, uint256 place) private {
        try ledger.expireDemand(madeAt(which).batch, place) {
            assertTrue(madeAt(which).node == LIAR, "the honest node answered");
            _wasShown[which] = true;
        } catch {}
    }

    function tryAttest(uint256 which, uint256 weight) private {
        vm.prank(VERIFIER);
        try ledger.attestBatch(madeAt(which).batch, VERIFIER, uint96(weight)) {} catch {}
    }

    function tryEnd(uint256 which) private {
        try ledger.finalize(madeAt(which).batch) {} catch {}
        try ledger.closeRejected(madeAt(which).batch) {} catch {}
        try ledger.settleAttestation(madeAt(which).batch, VERIFIER) {} catch {}
    }

    // CHECKS

    /// @dev Invariant 1: what the escrow holds is owed to somebody.
    function checkMoney() private view {
        uint256 owed = balanceAndEarnings(HONEST) + balanceAndEarnings(LIAR);
        owed += balanceAndEarnings(VERIFIER) + balanceAndEarnings(CHALLENGER);
        for (uint256 i = 0; i < _made.length; ++i) {
            owed += escrow.lockOf(address(ledger), potIdOf(i)).amount;
            for (uint256 place = 0; place < 2; ++place) {
                if (ledger.demandOf(idOf(i), place).status == DemandStatus.Open) owed += ledgerTerms().demandBond;
            }
        }
        assertEq(opg.balanceOf(address(escrow)), owed, "what the escrow owes");
    }

    function balanceAndEarnings(address account) private view returns (uint256) {
        return escrow.balanceOf(account) + escrow.earningsOf(account);
    }

    /// @dev Invariant 5: what the ledger has locked of a node is free, or behind a batch that has not ended.
    function checkCollateral(address node) private view {
        uint256 wanted = ledger.freeCollateralOf(node);
        for (uint256 i = 0; i < _made.length; ++i) {
            if (madeAt(i).node == node) wanted += behind(i);
        }
        assertEq(staking.collateralOf(node, address(ledger)), wanted, "collateral");
        assertLe(wanted, staking.slashableOf(node), "covered");
    }

    /// @dev Rejected batches: the part of the other receipt, and of the convicted one if the batch was only condemned so far.
    function behind(uint256 which) private view returns (uint256) {
        BatchStatus status = viewOf(which).status;
        if (status == BatchStatus.Committed) return 10e18 + 4 * FEE;
        if (status != BatchStatus.Rejected) return 0;
        return ledger.isConvicted(idOf(which), 1) ? 2 * FEE : 4 * FEE;
    }

    function potIdOf(uint256 which) private view returns (RequestId) {
        return RequestId.wrap(BatchId.unwrap(idOf(which)));
    }

    function idOf(uint256 which) private view returns (BatchId) {
        return ledger.batchIdOf(madeAt(which).batch);
    }

    function madeAt(uint256 which) private view returns (Made memory) {
        return abi.decode(_made[which], (Made));
    }

    function viewOf(uint256 which) private view returns (BatchView memory) {
        return ledger.batchOf(idOf(which));
    }
}
