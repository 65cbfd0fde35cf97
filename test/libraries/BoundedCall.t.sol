// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BoundedCall} from "../../contracts/libraries/BoundedCall.sol";
import {Test} from "../fixtures/Test.sol";

/// @dev Returns or reverts with as many bytes as it is told, each of them `0xab`.
contract Talker {
    fallback(bytes calldata data) external returns (bytes memory said) {
        (bool succeeds, uint256 length) = abi.decode(data, (bool, uint256));
        said = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            said[i] = 0xab;
        }
        if (!succeeds) {
            assembly ("memory-safe") {
                revert(add(said, 0x20), mload(said))
            }
        }
    }
}

contract BoundedCallTest is Test {
    Talker private talker;

    function setUp() public {
        talker = new Talker();
    }

    function testFuzz_tryCall_Copies_AtMostTheCap(bool succeeds, uint256 length) public {
        length = bound(length, 0, 10_000);
        (bool success, bytes memory returned) = BoundedCall.tryCall(
            address(talker),
            10_000_000,
            abi.encode(succeeds, length)
        );
        assertTrue(success == succeeds, "success");
        uint256 copied = length < 4096 ? length : 4096;
        assertEq(returned.length, copied, "copied length");
        for (uint256 i = 0; i < copied; i += 97) {
            assertTrue(returned[i] == 0xab, "copied bytes");
        }
    }

    function testFuzz_tryCall_Leaves_MemoryUsable(bool succeeds, uint256 length, bytes memory before) public {
        bytes32 hash = keccak256(before);
        (, bytes memory returned) = BoundedCall.tryCall(
            address(talker),
            10_000_000,
            abi.encode(succeeds, bound(length, 0, 5_000))
        );
        bytes32 returnedHash = keccak256(returned);
        bytes memory later = new bytes(333);
        assertEq(keccak256(later), keccak256(new bytes(333)), "later memory is zero");
        assertEq(keccak256(before), hash, "earlier memory");
        assertEq(keccak256(returned), returnedHash, "returned bytes");
    }

    function test_tryCall_Reverts_WithTooLittleGas() public {
        (bool success, bytes memory reason) = address(this).call{gas: 200_000}(abi.encodeCall(this.tryWith, (500_000)));
        assertFalse(success, "call with too little gas");
        assertEq(bytes32(bytes4(reason)), bytes32(BoundedCall.BoundedCallInsufficientGas.selector), "reason");
    }

    function testFuzz_tryCall_Gives_AllThatWasPromised(uint256 gasLimit, uint256 brought) public {
        gasLimit = bound(gasLimit, 10_000, 1_000_000);
        brought = bound(brought, 50_000, 3_000_000);
        (bool success, bytes memory result) = address(this).call{gas: brought}(
            abi.encodeCall(this.measure, (gasLimit))
        );
        if (success) assertLe(gasLimit - 1_000, abi.decode(result, (uint256)), "gas at the callee");
    }

    function tryWith(uint256 gasLimit) external returns (bool success) {
        (success, ) = BoundedCall.tryCall(address(talker), gasLimit, abi.encode(true, 0));
    }

    /// @dev Gas that arrives at a callee which is promised `gasLimit`.
    function measure(uint256 gasLimit) external returns (uint256) {
        (bool success, bytes memory returned) = BoundedCall.tryCall(
            address(this),
            gasLimit,
            abi.encodeCall(this.gasHere, ())
        );
        assertTrue(success, "callee");
        return abi.decode(returned, (uint256));
    }

    function gasHere() external view returns (uint256) {
        return gasleft();
    }
}
