// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Signatures} from "../../contracts/libraries/Signatures.sol";
import {Test} from "../fixtures/Test.sol";

contract SignaturesTest is Test {
    uint256 private constant KEY_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    /// @dev r of a signature that the precompile takes with any s.
    bytes32 private constant R = bytes32(0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798);

    function testFuzz_recover_Finds_TheKey(uint256 key, bytes32 digest) public pure {
        key = bound(key, 1, KEY_ORDER - 1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        bytes32 vs = bytes32(uint256(s) | (uint256(v - 27) << 255));
        assertEq(Signatures.recover(digest, r, vs), vm.addr(key), "signer");
        assertTrue(Signatures.isSignedByKey(vm.addr(key), digest, r, vs), "signed");
        assertFalse(Signatures.isSignedByKey(address(0), digest, r, 0), "nobody signs nothing");
    }

    /// @dev Few values of the upper half fit a compact signature at all; the first of them is refused here.
    function testFuzz_recover_Refuses_TheUpperHalf(bytes32 digest, uint256 above, bool odd) public pure {
        uint256 parity = odd ? 1 << 255 : 0;
        uint256 half = KEY_ORDER / 2;
        above = bound(above, 1, (1 << 255) - 1 - half);
        assertEq(Signatures.recover(digest, R, bytes32((half + above) | parity)), address(0), "upper half");
        // The precompile itself would take it.
        address taken = ecrecover(digest, odd ? 28 : 27, R, bytes32(half + above));
        assertTrue(taken != address(0), "taken by the precompile");
        assertTrue(Signatures.recover(digest, R, bytes32(half | parity)) != address(0), "lower half");
    }
}
