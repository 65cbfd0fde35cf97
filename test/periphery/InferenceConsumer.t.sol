// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IInferenceMarket} from "../../contracts/interfaces/IInferenceMarket.sol";
import {InferenceConsumer} from "../../contracts/periphery/InferenceConsumer.sol";
import {RequestId} from "../../contracts/types/RequestId.sol";
import {ProtocolFixture} from "../fixtures/ProtocolFixture.sol";

/// @dev A consumer that does nothing but pay for itself.
contract FundedConsumer is InferenceConsumer {
    constructor(IInferenceMarket market) InferenceConsumer(market) {}

    function fund(IERC20 opg, uint256 amount) external {
        _fund(opg, amount);
    }

    function _onInference(RequestId, bytes calldata) internal override {}
}

contract InferenceConsumerTest is ProtocolFixture {
    FundedConsumer private consumer;

    function setUp() public {
        deployProtocol();
        consumer = new FundedConsumer(market);
    }

    function testFuzz_fund_Moves_WhatItSays_AndLeavesNoAllowance(uint256 held, uint256 amount) public {
        held = bound(held, 1, opg.balanceOf(address(this)));
        amount = bound(amount, 1, held);
        opg.transfer(address(consumer), held);
        consumer.fund(IERC20(address(opg)), amount);
        assertEq(escrow.balanceOf(address(consumer)), amount, "in the escrow");
        assertEq(opg.balanceOf(address(consumer)), held - amount, "kept");
        assertEq(opg.allowance(address(consumer), address(escrow)), 0, "allowance");
    }

    function testFuzz_onInference_Reverts_ForAnyoneElse(address caller, RequestId requestId) public {
        vm.assume(caller != address(market));
        vm.expectRevert(
            abi.encodeWithSelector(InferenceConsumer.InferenceConsumerNotMarket.selector, caller, address(market))
        );
        vm.prank(caller);
        consumer.onInference(requestId, "");
    }
}
