// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Test} from "../../fixtures/Test.sol";
import {Math as MathDefinition} from "./Math.sol";

contract MathDefinitionTest is Test {
    uint256[8] private edges = [0, 1, 2, 7, 8, type(uint128).max, type(uint256).max - 1, type(uint256).max];

    function testFuzz_definition_IsWhatTheOriginalComputes(uint256 a, uint256 b) public pure {
        assertSame(a, b);
    }

    function test_definition_IsWhatTheOriginalComputes_AtTheEdges() public view {
        for (uint256 i = 0; i < edges.length; ++i) {
            for (uint256 j = 0; j < edges.length; ++j) assertSame(edges[i], edges[j]);
        }
    }

    function assertSame(uint256 a, uint256 b) private pure {
        assertEq(MathDefinition.min(a, b), Math.min(a, b), "min");
        if (b != 0) assertEq(MathDefinition.ceilDiv(a, b), Math.ceilDiv(a, b), "ceilDiv");
    }
}
