// SPDX-License-Identifier: MIT
// Written by scripts/generate/sha384.ts: change that, and run npm run generate.
// solhint-disable function-max-lines
pragma solidity ^0.8.28;

/// @title SHA-384 (FIPS 180-4)
/// @notice Rounds are written out, with their constants in the code: docs/p384.md has the layout and what it costs.
library Sha384 {
    /// @dev Hash of the bytes, as its first 32 and last 16. Uses memory behind what is allocated, and allocates none.
    function hash(bytes memory message) internal pure returns (bytes32 high, bytes16 low) {
        assembly ("memory-safe") {
            // Takes 128 bytes into the state.
            function compress(from, schedule, state) {
                {
                    let words := mload(from)
                    mstore(add(schedule, 16), or(shl(128, shr(192, words)), and(shr(128, words), 0xffffffffffffffff)))
                    mstore(add(schedule, 48), or(shl(128, and(shr(64, words), 0xffffffffffffffff)), and(words, 0xffffffffffffffff)))
                }
                {
                    let words := mload(add(from, 32))
                    mstore(add(schedule, 80), or(shl(128, shr(192, words)), and(shr(128, words), 0xffffffffffffffff)))
                    mstore(add(schedule, 112), or(shl(128, and(shr(64, words), 0xffffffffffffffff)), and(words, 0xffffffffffffffff)))
                }
                {
                    let words := mload(add(from, 64))
                    mstore(add(schedule, 144), or(shl(128, shr(192, words)), and(shr(128, words), 0xffffffffffffffff)))
                    mstore(add(schedule, 176), or(shl(128, and(shr(64, words), 0xffffffffffffffff)), and(words, 0xffffffffffffffff)))
                }
                {
                    let words := mload(add(from, 96))
                    mstore(add(schedule, 208), or(shl(128, shr(192, words)), and(shr(128, words), 0xffffffffffffffff)))
                    mstore(add(schedule, 240), or(shl(128, and(shr(64, words), 0xffffffffffffffff)), and(words, 0xffffffffffffffff)))
                }
                {
                    let x := mload(add(schedule, 240)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 32)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 272), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 160)), mload(add(schedule, 16)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 272)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 64)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 304), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 192)), mload(add(schedule, 48)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 304)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 96)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 336), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 224)), mload(add(schedule, 80)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 336)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 128)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 368), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 256)), mload(add(schedule, 112)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 368)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 160)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 400), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 288)), mload(add(schedule, 144)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 400)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 192)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 432), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 320)), mload(add(schedule, 176)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 432)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 224)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 464), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 352)), mload(add(schedule, 208)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 464)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 256)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 496), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 384)), mload(add(schedule, 240)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 496)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 288)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 528), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 416)), mload(add(schedule, 272)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 528)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 320)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 560), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 448)), mload(add(schedule, 304)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 560)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 352)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 592), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 480)), mload(add(schedule, 336)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 592)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 384)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 624), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 512)), mload(add(schedule, 368)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 624)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 416)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 656), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 544)), mload(add(schedule, 400)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 656)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 448)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 688), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 576)), mload(add(schedule, 432)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 688)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 480)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 720), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 608)), mload(add(schedule, 464)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 720)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 512)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 752), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 640)), mload(add(schedule, 496)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 752)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 544)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 784), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 672)), mload(add(schedule, 528)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 784)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 576)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 816), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 704)), mload(add(schedule, 560)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 816)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 608)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 848), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 736)), mload(add(schedule, 592)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 848)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 640)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 880), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 768)), mload(add(schedule, 624)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 880)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 672)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 912), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 800)), mload(add(schedule, 656)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 912)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 704)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 944), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 832)), mload(add(schedule, 688)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 944)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 736)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 976), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 864)), mload(add(schedule, 720)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 976)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 768)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 1008), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 896)), mload(add(schedule, 752)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 1008)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 800)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 1040), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 928)), mload(add(schedule, 784)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 1040)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 832)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 1072), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 960)), mload(add(schedule, 816)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 1072)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 864)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 1104), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 992)), mload(add(schedule, 848)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 1104)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 896)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 1136), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 1024)), mload(add(schedule, 880)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 1136)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 928)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 1168), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 1056)), mload(add(schedule, 912)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 1168)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 960)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 1200), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 1088)), mload(add(schedule, 944)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 1200)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 992)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 1232), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 1120)), mload(add(schedule, 976)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                {
                    let x := mload(add(schedule, 1232)) let xx := mul(x, 0x10000000000000001) let y := mload(add(schedule, 1024)) let yy := mul(y, 0x10000000000000001)
                    mstore(add(schedule, 1264), and(add(add(and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff), and(xor(xor(shr(1, yy), shr(8, yy)), shr(7, y)), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)), add(mload(add(schedule, 1152)), mload(add(schedule, 1008)))), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff))
                }
                let a := mload(state)
                let b := mload(add(state, 32))
                let c := mload(add(state, 64))
                let d := mload(add(state, 96))
                let e := mload(add(state, 128))
                let f := mload(add(state, 160))
                let g := mload(add(state, 192))
                let h := mload(add(state, 224))
                // a xor b of the last round and of this one: Maj(a, b, c) = b xor ((a xor b) and (b xor c)).
                let odd := xor(b, c)
                // Its place on the stack is free.
                from := 0
                {
                    let ee := mul(e, 0x10000000000000001)
                    h := add(add(add(h, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(g, and(e, xor(f, g)))), add(0x428a2f98d728ae22, mload(schedule)))
                }
                d := and(add(d, h), 0xffffffffffffffff)
                from := xor(a, b)
                {
                    let aa := mul(a, 0x10000000000000001)
                    h := and(add(h, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(b, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(d, 0x10000000000000001)
                    g := add(add(add(g, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(f, and(d, xor(e, f)))), add(0x7137449123ef65cd, mload(add(schedule, 16))))
                }
                c := and(add(c, g), 0xffffffffffffffff)
                odd := xor(h, a)
                {
                    let aa := mul(h, 0x10000000000000001)
                    g := and(add(g, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(a, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(c, 0x10000000000000001)
                    f := add(add(add(f, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(e, and(c, xor(d, e)))), add(0xb5c0fbcfec4d3b2f, mload(add(schedule, 32))))
                }
                b := and(add(b, f), 0xffffffffffffffff)
                from := xor(g, h)
                {
                    let aa := mul(g, 0x10000000000000001)
                    f := and(add(f, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(h, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(b, 0x10000000000000001)
                    e := add(add(add(e, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(d, and(b, xor(c, d)))), add(0xe9b5dba58189dbbc, mload(add(schedule, 48))))
                }
                a := and(add(a, e), 0xffffffffffffffff)
                odd := xor(f, g)
                {
                    let aa := mul(f, 0x10000000000000001)
                    e := and(add(e, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(g, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(a, 0x10000000000000001)
                    d := add(add(add(d, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(c, and(a, xor(b, c)))), add(0x3956c25bf348b538, mload(add(schedule, 64))))
                }
                h := and(add(h, d), 0xffffffffffffffff)
                from := xor(e, f)
                {
                    let aa := mul(e, 0x10000000000000001)
                    d := and(add(d, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(f, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(h, 0x10000000000000001)
                    c := add(add(add(c, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(b, and(h, xor(a, b)))), add(0x59f111f1b605d019, mload(add(schedule, 80))))
                }
                g := and(add(g, c), 0xffffffffffffffff)
                odd := xor(d, e)
                {
                    let aa := mul(d, 0x10000000000000001)
                    c := and(add(c, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(e, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(g, 0x10000000000000001)
                    b := add(add(add(b, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(a, and(g, xor(h, a)))), add(0x923f82a4af194f9b, mload(add(schedule, 96))))
                }
                f := and(add(f, b), 0xffffffffffffffff)
                from := xor(c, d)
                {
                    let aa := mul(c, 0x10000000000000001)
                    b := and(add(b, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(d, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(f, 0x10000000000000001)
                    a := add(add(add(a, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(h, and(f, xor(g, h)))), add(0xab1c5ed5da6d8118, mload(add(schedule, 112))))
                }
                e := and(add(e, a), 0xffffffffffffffff)
                odd := xor(b, c)
                {
                    let aa := mul(b, 0x10000000000000001)
                    a := and(add(a, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(c, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(e, 0x10000000000000001)
                    h := add(add(add(h, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(g, and(e, xor(f, g)))), add(0xd807aa98a3030242, mload(add(schedule, 128))))
                }
                d := and(add(d, h), 0xffffffffffffffff)
                from := xor(a, b)
                {
                    let aa := mul(a, 0x10000000000000001)
                    h := and(add(h, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(b, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(d, 0x10000000000000001)
                    g := add(add(add(g, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(f, and(d, xor(e, f)))), add(0x12835b0145706fbe, mload(add(schedule, 144))))
                }
                c := and(add(c, g), 0xffffffffffffffff)
                odd := xor(h, a)
                {
                    let aa := mul(h, 0x10000000000000001)
                    g := and(add(g, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(a, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(c, 0x10000000000000001)
                    f := add(add(add(f, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(e, and(c, xor(d, e)))), add(0x243185be4ee4b28c, mload(add(schedule, 160))))
                }
                b := and(add(b, f), 0xffffffffffffffff)
                from := xor(g, h)
                {
                    let aa := mul(g, 0x10000000000000001)
                    f := and(add(f, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(h, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(b, 0x10000000000000001)
                    e := add(add(add(e, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(d, and(b, xor(c, d)))), add(0x550c7dc3d5ffb4e2, mload(add(schedule, 176))))
                }
                a := and(add(a, e), 0xffffffffffffffff)
                odd := xor(f, g)
                {
                    let aa := mul(f, 0x10000000000000001)
                    e := and(add(e, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(g, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(a, 0x10000000000000001)
                    d := add(add(add(d, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(c, and(a, xor(b, c)))), add(0x72be5d74f27b896f, mload(add(schedule, 192))))
                }
                h := and(add(h, d), 0xffffffffffffffff)
                from := xor(e, f)
                {
                    let aa := mul(e, 0x10000000000000001)
                    d := and(add(d, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(f, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(h, 0x10000000000000001)
                    c := add(add(add(c, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(b, and(h, xor(a, b)))), add(0x80deb1fe3b1696b1, mload(add(schedule, 208))))
                }
                g := and(add(g, c), 0xffffffffffffffff)
                odd := xor(d, e)
                {
                    let aa := mul(d, 0x10000000000000001)
                    c := and(add(c, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(e, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(g, 0x10000000000000001)
                    b := add(add(add(b, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(a, and(g, xor(h, a)))), add(0x9bdc06a725c71235, mload(add(schedule, 224))))
                }
                f := and(add(f, b), 0xffffffffffffffff)
                from := xor(c, d)
                {
                    let aa := mul(c, 0x10000000000000001)
                    b := and(add(b, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(d, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(f, 0x10000000000000001)
                    a := add(add(add(a, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(h, and(f, xor(g, h)))), add(0xc19bf174cf692694, mload(add(schedule, 240))))
                }
                e := and(add(e, a), 0xffffffffffffffff)
                odd := xor(b, c)
                {
                    let aa := mul(b, 0x10000000000000001)
                    a := and(add(a, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(c, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(e, 0x10000000000000001)
                    h := add(add(add(h, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(g, and(e, xor(f, g)))), add(0xe49b69c19ef14ad2, mload(add(schedule, 256))))
                }
                d := and(add(d, h), 0xffffffffffffffff)
                from := xor(a, b)
                {
                    let aa := mul(a, 0x10000000000000001)
                    h := and(add(h, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(b, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(d, 0x10000000000000001)
                    g := add(add(add(g, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(f, and(d, xor(e, f)))), add(0xefbe4786384f25e3, mload(add(schedule, 272))))
                }
                c := and(add(c, g), 0xffffffffffffffff)
                odd := xor(h, a)
                {
                    let aa := mul(h, 0x10000000000000001)
                    g := and(add(g, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(a, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(c, 0x10000000000000001)
                    f := add(add(add(f, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(e, and(c, xor(d, e)))), add(0xfc19dc68b8cd5b5, mload(add(schedule, 288))))
                }
                b := and(add(b, f), 0xffffffffffffffff)
                from := xor(g, h)
                {
                    let aa := mul(g, 0x10000000000000001)
                    f := and(add(f, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(h, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(b, 0x10000000000000001)
                    e := add(add(add(e, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(d, and(b, xor(c, d)))), add(0x240ca1cc77ac9c65, mload(add(schedule, 304))))
                }
                a := and(add(a, e), 0xffffffffffffffff)
                odd := xor(f, g)
                {
                    let aa := mul(f, 0x10000000000000001)
                    e := and(add(e, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(g, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(a, 0x10000000000000001)
                    d := add(add(add(d, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(c, and(a, xor(b, c)))), add(0x2de92c6f592b0275, mload(add(schedule, 320))))
                }
                h := and(add(h, d), 0xffffffffffffffff)
                from := xor(e, f)
                {
                    let aa := mul(e, 0x10000000000000001)
                    d := and(add(d, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(f, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(h, 0x10000000000000001)
                    c := add(add(add(c, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(b, and(h, xor(a, b)))), add(0x4a7484aa6ea6e483, mload(add(schedule, 336))))
                }
                g := and(add(g, c), 0xffffffffffffffff)
                odd := xor(d, e)
                {
                    let aa := mul(d, 0x10000000000000001)
                    c := and(add(c, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(e, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(g, 0x10000000000000001)
                    b := add(add(add(b, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(a, and(g, xor(h, a)))), add(0x5cb0a9dcbd41fbd4, mload(add(schedule, 352))))
                }
                f := and(add(f, b), 0xffffffffffffffff)
                from := xor(c, d)
                {
                    let aa := mul(c, 0x10000000000000001)
                    b := and(add(b, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(d, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(f, 0x10000000000000001)
                    a := add(add(add(a, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(h, and(f, xor(g, h)))), add(0x76f988da831153b5, mload(add(schedule, 368))))
                }
                e := and(add(e, a), 0xffffffffffffffff)
                odd := xor(b, c)
                {
                    let aa := mul(b, 0x10000000000000001)
                    a := and(add(a, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(c, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(e, 0x10000000000000001)
                    h := add(add(add(h, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(g, and(e, xor(f, g)))), add(0x983e5152ee66dfab, mload(add(schedule, 384))))
                }
                d := and(add(d, h), 0xffffffffffffffff)
                from := xor(a, b)
                {
                    let aa := mul(a, 0x10000000000000001)
                    h := and(add(h, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(b, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(d, 0x10000000000000001)
                    g := add(add(add(g, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(f, and(d, xor(e, f)))), add(0xa831c66d2db43210, mload(add(schedule, 400))))
                }
                c := and(add(c, g), 0xffffffffffffffff)
                odd := xor(h, a)
                {
                    let aa := mul(h, 0x10000000000000001)
                    g := and(add(g, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(a, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(c, 0x10000000000000001)
                    f := add(add(add(f, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(e, and(c, xor(d, e)))), add(0xb00327c898fb213f, mload(add(schedule, 416))))
                }
                b := and(add(b, f), 0xffffffffffffffff)
                from := xor(g, h)
                {
                    let aa := mul(g, 0x10000000000000001)
                    f := and(add(f, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(h, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(b, 0x10000000000000001)
                    e := add(add(add(e, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(d, and(b, xor(c, d)))), add(0xbf597fc7beef0ee4, mload(add(schedule, 432))))
                }
                a := and(add(a, e), 0xffffffffffffffff)
                odd := xor(f, g)
                {
                    let aa := mul(f, 0x10000000000000001)
                    e := and(add(e, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(g, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(a, 0x10000000000000001)
                    d := add(add(add(d, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(c, and(a, xor(b, c)))), add(0xc6e00bf33da88fc2, mload(add(schedule, 448))))
                }
                h := and(add(h, d), 0xffffffffffffffff)
                from := xor(e, f)
                {
                    let aa := mul(e, 0x10000000000000001)
                    d := and(add(d, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(f, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(h, 0x10000000000000001)
                    c := add(add(add(c, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(b, and(h, xor(a, b)))), add(0xd5a79147930aa725, mload(add(schedule, 464))))
                }
                g := and(add(g, c), 0xffffffffffffffff)
                odd := xor(d, e)
                {
                    let aa := mul(d, 0x10000000000000001)
                    c := and(add(c, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(e, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(g, 0x10000000000000001)
                    b := add(add(add(b, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(a, and(g, xor(h, a)))), add(0x6ca6351e003826f, mload(add(schedule, 480))))
                }
                f := and(add(f, b), 0xffffffffffffffff)
                from := xor(c, d)
                {
                    let aa := mul(c, 0x10000000000000001)
                    b := and(add(b, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(d, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(f, 0x10000000000000001)
                    a := add(add(add(a, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(h, and(f, xor(g, h)))), add(0x142929670a0e6e70, mload(add(schedule, 496))))
                }
                e := and(add(e, a), 0xffffffffffffffff)
                odd := xor(b, c)
                {
                    let aa := mul(b, 0x10000000000000001)
                    a := and(add(a, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(c, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(e, 0x10000000000000001)
                    h := add(add(add(h, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(g, and(e, xor(f, g)))), add(0x27b70a8546d22ffc, mload(add(schedule, 512))))
                }
                d := and(add(d, h), 0xffffffffffffffff)
                from := xor(a, b)
                {
                    let aa := mul(a, 0x10000000000000001)
                    h := and(add(h, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(b, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(d, 0x10000000000000001)
                    g := add(add(add(g, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(f, and(d, xor(e, f)))), add(0x2e1b21385c26c926, mload(add(schedule, 528))))
                }
                c := and(add(c, g), 0xffffffffffffffff)
                odd := xor(h, a)
                {
                    let aa := mul(h, 0x10000000000000001)
                    g := and(add(g, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(a, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(c, 0x10000000000000001)
                    f := add(add(add(f, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(e, and(c, xor(d, e)))), add(0x4d2c6dfc5ac42aed, mload(add(schedule, 544))))
                }
                b := and(add(b, f), 0xffffffffffffffff)
                from := xor(g, h)
                {
                    let aa := mul(g, 0x10000000000000001)
                    f := and(add(f, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(h, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(b, 0x10000000000000001)
                    e := add(add(add(e, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(d, and(b, xor(c, d)))), add(0x53380d139d95b3df, mload(add(schedule, 560))))
                }
                a := and(add(a, e), 0xffffffffffffffff)
                odd := xor(f, g)
                {
                    let aa := mul(f, 0x10000000000000001)
                    e := and(add(e, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(g, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(a, 0x10000000000000001)
                    d := add(add(add(d, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(c, and(a, xor(b, c)))), add(0x650a73548baf63de, mload(add(schedule, 576))))
                }
                h := and(add(h, d), 0xffffffffffffffff)
                from := xor(e, f)
                {
                    let aa := mul(e, 0x10000000000000001)
                    d := and(add(d, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(f, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(h, 0x10000000000000001)
                    c := add(add(add(c, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(b, and(h, xor(a, b)))), add(0x766a0abb3c77b2a8, mload(add(schedule, 592))))
                }
                g := and(add(g, c), 0xffffffffffffffff)
                odd := xor(d, e)
                {
                    let aa := mul(d, 0x10000000000000001)
                    c := and(add(c, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(e, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(g, 0x10000000000000001)
                    b := add(add(add(b, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(a, and(g, xor(h, a)))), add(0x81c2c92e47edaee6, mload(add(schedule, 608))))
                }
                f := and(add(f, b), 0xffffffffffffffff)
                from := xor(c, d)
                {
                    let aa := mul(c, 0x10000000000000001)
                    b := and(add(b, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(d, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(f, 0x10000000000000001)
                    a := add(add(add(a, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(h, and(f, xor(g, h)))), add(0x92722c851482353b, mload(add(schedule, 624))))
                }
                e := and(add(e, a), 0xffffffffffffffff)
                odd := xor(b, c)
                {
                    let aa := mul(b, 0x10000000000000001)
                    a := and(add(a, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(c, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(e, 0x10000000000000001)
                    h := add(add(add(h, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(g, and(e, xor(f, g)))), add(0xa2bfe8a14cf10364, mload(add(schedule, 640))))
                }
                d := and(add(d, h), 0xffffffffffffffff)
                from := xor(a, b)
                {
                    let aa := mul(a, 0x10000000000000001)
                    h := and(add(h, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(b, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(d, 0x10000000000000001)
                    g := add(add(add(g, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(f, and(d, xor(e, f)))), add(0xa81a664bbc423001, mload(add(schedule, 656))))
                }
                c := and(add(c, g), 0xffffffffffffffff)
                odd := xor(h, a)
                {
                    let aa := mul(h, 0x10000000000000001)
                    g := and(add(g, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(a, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(c, 0x10000000000000001)
                    f := add(add(add(f, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(e, and(c, xor(d, e)))), add(0xc24b8b70d0f89791, mload(add(schedule, 672))))
                }
                b := and(add(b, f), 0xffffffffffffffff)
                from := xor(g, h)
                {
                    let aa := mul(g, 0x10000000000000001)
                    f := and(add(f, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(h, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(b, 0x10000000000000001)
                    e := add(add(add(e, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(d, and(b, xor(c, d)))), add(0xc76c51a30654be30, mload(add(schedule, 688))))
                }
                a := and(add(a, e), 0xffffffffffffffff)
                odd := xor(f, g)
                {
                    let aa := mul(f, 0x10000000000000001)
                    e := and(add(e, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(g, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(a, 0x10000000000000001)
                    d := add(add(add(d, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(c, and(a, xor(b, c)))), add(0xd192e819d6ef5218, mload(add(schedule, 704))))
                }
                h := and(add(h, d), 0xffffffffffffffff)
                from := xor(e, f)
                {
                    let aa := mul(e, 0x10000000000000001)
                    d := and(add(d, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(f, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(h, 0x10000000000000001)
                    c := add(add(add(c, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(b, and(h, xor(a, b)))), add(0xd69906245565a910, mload(add(schedule, 720))))
                }
                g := and(add(g, c), 0xffffffffffffffff)
                odd := xor(d, e)
                {
                    let aa := mul(d, 0x10000000000000001)
                    c := and(add(c, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(e, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(g, 0x10000000000000001)
                    b := add(add(add(b, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(a, and(g, xor(h, a)))), add(0xf40e35855771202a, mload(add(schedule, 736))))
                }
                f := and(add(f, b), 0xffffffffffffffff)
                from := xor(c, d)
                {
                    let aa := mul(c, 0x10000000000000001)
                    b := and(add(b, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(d, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(f, 0x10000000000000001)
                    a := add(add(add(a, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(h, and(f, xor(g, h)))), add(0x106aa07032bbd1b8, mload(add(schedule, 752))))
                }
                e := and(add(e, a), 0xffffffffffffffff)
                odd := xor(b, c)
                {
                    let aa := mul(b, 0x10000000000000001)
                    a := and(add(a, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(c, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(e, 0x10000000000000001)
                    h := add(add(add(h, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(g, and(e, xor(f, g)))), add(0x19a4c116b8d2d0c8, mload(add(schedule, 768))))
                }
                d := and(add(d, h), 0xffffffffffffffff)
                from := xor(a, b)
                {
                    let aa := mul(a, 0x10000000000000001)
                    h := and(add(h, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(b, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(d, 0x10000000000000001)
                    g := add(add(add(g, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(f, and(d, xor(e, f)))), add(0x1e376c085141ab53, mload(add(schedule, 784))))
                }
                c := and(add(c, g), 0xffffffffffffffff)
                odd := xor(h, a)
                {
                    let aa := mul(h, 0x10000000000000001)
                    g := and(add(g, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(a, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(c, 0x10000000000000001)
                    f := add(add(add(f, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(e, and(c, xor(d, e)))), add(0x2748774cdf8eeb99, mload(add(schedule, 800))))
                }
                b := and(add(b, f), 0xffffffffffffffff)
                from := xor(g, h)
                {
                    let aa := mul(g, 0x10000000000000001)
                    f := and(add(f, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(h, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(b, 0x10000000000000001)
                    e := add(add(add(e, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(d, and(b, xor(c, d)))), add(0x34b0bcb5e19b48a8, mload(add(schedule, 816))))
                }
                a := and(add(a, e), 0xffffffffffffffff)
                odd := xor(f, g)
                {
                    let aa := mul(f, 0x10000000000000001)
                    e := and(add(e, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(g, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(a, 0x10000000000000001)
                    d := add(add(add(d, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(c, and(a, xor(b, c)))), add(0x391c0cb3c5c95a63, mload(add(schedule, 832))))
                }
                h := and(add(h, d), 0xffffffffffffffff)
                from := xor(e, f)
                {
                    let aa := mul(e, 0x10000000000000001)
                    d := and(add(d, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(f, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(h, 0x10000000000000001)
                    c := add(add(add(c, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(b, and(h, xor(a, b)))), add(0x4ed8aa4ae3418acb, mload(add(schedule, 848))))
                }
                g := and(add(g, c), 0xffffffffffffffff)
                odd := xor(d, e)
                {
                    let aa := mul(d, 0x10000000000000001)
                    c := and(add(c, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(e, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(g, 0x10000000000000001)
                    b := add(add(add(b, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(a, and(g, xor(h, a)))), add(0x5b9cca4f7763e373, mload(add(schedule, 864))))
                }
                f := and(add(f, b), 0xffffffffffffffff)
                from := xor(c, d)
                {
                    let aa := mul(c, 0x10000000000000001)
                    b := and(add(b, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(d, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(f, 0x10000000000000001)
                    a := add(add(add(a, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(h, and(f, xor(g, h)))), add(0x682e6ff3d6b2b8a3, mload(add(schedule, 880))))
                }
                e := and(add(e, a), 0xffffffffffffffff)
                odd := xor(b, c)
                {
                    let aa := mul(b, 0x10000000000000001)
                    a := and(add(a, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(c, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(e, 0x10000000000000001)
                    h := add(add(add(h, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(g, and(e, xor(f, g)))), add(0x748f82ee5defb2fc, mload(add(schedule, 896))))
                }
                d := and(add(d, h), 0xffffffffffffffff)
                from := xor(a, b)
                {
                    let aa := mul(a, 0x10000000000000001)
                    h := and(add(h, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(b, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(d, 0x10000000000000001)
                    g := add(add(add(g, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(f, and(d, xor(e, f)))), add(0x78a5636f43172f60, mload(add(schedule, 912))))
                }
                c := and(add(c, g), 0xffffffffffffffff)
                odd := xor(h, a)
                {
                    let aa := mul(h, 0x10000000000000001)
                    g := and(add(g, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(a, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(c, 0x10000000000000001)
                    f := add(add(add(f, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(e, and(c, xor(d, e)))), add(0x84c87814a1f0ab72, mload(add(schedule, 928))))
                }
                b := and(add(b, f), 0xffffffffffffffff)
                from := xor(g, h)
                {
                    let aa := mul(g, 0x10000000000000001)
                    f := and(add(f, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(h, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(b, 0x10000000000000001)
                    e := add(add(add(e, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(d, and(b, xor(c, d)))), add(0x8cc702081a6439ec, mload(add(schedule, 944))))
                }
                a := and(add(a, e), 0xffffffffffffffff)
                odd := xor(f, g)
                {
                    let aa := mul(f, 0x10000000000000001)
                    e := and(add(e, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(g, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(a, 0x10000000000000001)
                    d := add(add(add(d, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(c, and(a, xor(b, c)))), add(0x90befffa23631e28, mload(add(schedule, 960))))
                }
                h := and(add(h, d), 0xffffffffffffffff)
                from := xor(e, f)
                {
                    let aa := mul(e, 0x10000000000000001)
                    d := and(add(d, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(f, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(h, 0x10000000000000001)
                    c := add(add(add(c, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(b, and(h, xor(a, b)))), add(0xa4506cebde82bde9, mload(add(schedule, 976))))
                }
                g := and(add(g, c), 0xffffffffffffffff)
                odd := xor(d, e)
                {
                    let aa := mul(d, 0x10000000000000001)
                    c := and(add(c, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(e, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(g, 0x10000000000000001)
                    b := add(add(add(b, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(a, and(g, xor(h, a)))), add(0xbef9a3f7b2c67915, mload(add(schedule, 992))))
                }
                f := and(add(f, b), 0xffffffffffffffff)
                from := xor(c, d)
                {
                    let aa := mul(c, 0x10000000000000001)
                    b := and(add(b, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(d, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(f, 0x10000000000000001)
                    a := add(add(add(a, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(h, and(f, xor(g, h)))), add(0xc67178f2e372532b, mload(add(schedule, 1008))))
                }
                e := and(add(e, a), 0xffffffffffffffff)
                odd := xor(b, c)
                {
                    let aa := mul(b, 0x10000000000000001)
                    a := and(add(a, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(c, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(e, 0x10000000000000001)
                    h := add(add(add(h, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(g, and(e, xor(f, g)))), add(0xca273eceea26619c, mload(add(schedule, 1024))))
                }
                d := and(add(d, h), 0xffffffffffffffff)
                from := xor(a, b)
                {
                    let aa := mul(a, 0x10000000000000001)
                    h := and(add(h, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(b, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(d, 0x10000000000000001)
                    g := add(add(add(g, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(f, and(d, xor(e, f)))), add(0xd186b8c721c0c207, mload(add(schedule, 1040))))
                }
                c := and(add(c, g), 0xffffffffffffffff)
                odd := xor(h, a)
                {
                    let aa := mul(h, 0x10000000000000001)
                    g := and(add(g, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(a, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(c, 0x10000000000000001)
                    f := add(add(add(f, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(e, and(c, xor(d, e)))), add(0xeada7dd6cde0eb1e, mload(add(schedule, 1056))))
                }
                b := and(add(b, f), 0xffffffffffffffff)
                from := xor(g, h)
                {
                    let aa := mul(g, 0x10000000000000001)
                    f := and(add(f, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(h, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(b, 0x10000000000000001)
                    e := add(add(add(e, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(d, and(b, xor(c, d)))), add(0xf57d4f7fee6ed178, mload(add(schedule, 1072))))
                }
                a := and(add(a, e), 0xffffffffffffffff)
                odd := xor(f, g)
                {
                    let aa := mul(f, 0x10000000000000001)
                    e := and(add(e, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(g, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(a, 0x10000000000000001)
                    d := add(add(add(d, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(c, and(a, xor(b, c)))), add(0x6f067aa72176fba, mload(add(schedule, 1088))))
                }
                h := and(add(h, d), 0xffffffffffffffff)
                from := xor(e, f)
                {
                    let aa := mul(e, 0x10000000000000001)
                    d := and(add(d, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(f, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(h, 0x10000000000000001)
                    c := add(add(add(c, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(b, and(h, xor(a, b)))), add(0xa637dc5a2c898a6, mload(add(schedule, 1104))))
                }
                g := and(add(g, c), 0xffffffffffffffff)
                odd := xor(d, e)
                {
                    let aa := mul(d, 0x10000000000000001)
                    c := and(add(c, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(e, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(g, 0x10000000000000001)
                    b := add(add(add(b, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(a, and(g, xor(h, a)))), add(0x113f9804bef90dae, mload(add(schedule, 1120))))
                }
                f := and(add(f, b), 0xffffffffffffffff)
                from := xor(c, d)
                {
                    let aa := mul(c, 0x10000000000000001)
                    b := and(add(b, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(d, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(f, 0x10000000000000001)
                    a := add(add(add(a, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(h, and(f, xor(g, h)))), add(0x1b710b35131c471b, mload(add(schedule, 1136))))
                }
                e := and(add(e, a), 0xffffffffffffffff)
                odd := xor(b, c)
                {
                    let aa := mul(b, 0x10000000000000001)
                    a := and(add(a, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(c, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(e, 0x10000000000000001)
                    h := add(add(add(h, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(g, and(e, xor(f, g)))), add(0x28db77f523047d84, mload(add(schedule, 1152))))
                }
                d := and(add(d, h), 0xffffffffffffffff)
                from := xor(a, b)
                {
                    let aa := mul(a, 0x10000000000000001)
                    h := and(add(h, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(b, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(d, 0x10000000000000001)
                    g := add(add(add(g, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(f, and(d, xor(e, f)))), add(0x32caab7b40c72493, mload(add(schedule, 1168))))
                }
                c := and(add(c, g), 0xffffffffffffffff)
                odd := xor(h, a)
                {
                    let aa := mul(h, 0x10000000000000001)
                    g := and(add(g, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(a, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(c, 0x10000000000000001)
                    f := add(add(add(f, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(e, and(c, xor(d, e)))), add(0x3c9ebe0a15c9bebc, mload(add(schedule, 1184))))
                }
                b := and(add(b, f), 0xffffffffffffffff)
                from := xor(g, h)
                {
                    let aa := mul(g, 0x10000000000000001)
                    f := and(add(f, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(h, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(b, 0x10000000000000001)
                    e := add(add(add(e, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(d, and(b, xor(c, d)))), add(0x431d67c49c100d4c, mload(add(schedule, 1200))))
                }
                a := and(add(a, e), 0xffffffffffffffff)
                odd := xor(f, g)
                {
                    let aa := mul(f, 0x10000000000000001)
                    e := and(add(e, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(g, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(a, 0x10000000000000001)
                    d := add(add(add(d, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(c, and(a, xor(b, c)))), add(0x4cc5d4becb3e42b6, mload(add(schedule, 1216))))
                }
                h := and(add(h, d), 0xffffffffffffffff)
                from := xor(e, f)
                {
                    let aa := mul(e, 0x10000000000000001)
                    d := and(add(d, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(f, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(h, 0x10000000000000001)
                    c := add(add(add(c, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(b, and(h, xor(a, b)))), add(0x597f299cfc657e2a, mload(add(schedule, 1232))))
                }
                g := and(add(g, c), 0xffffffffffffffff)
                odd := xor(d, e)
                {
                    let aa := mul(d, 0x10000000000000001)
                    c := and(add(c, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(e, and(odd, from)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(g, 0x10000000000000001)
                    b := add(add(add(b, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(a, and(g, xor(h, a)))), add(0x5fcb6fab3ad6faec, mload(add(schedule, 1248))))
                }
                f := and(add(f, b), 0xffffffffffffffff)
                from := xor(c, d)
                {
                    let aa := mul(c, 0x10000000000000001)
                    b := and(add(b, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(d, and(from, odd)))), 0xffffffffffffffff)
                }
                {
                    let ee := mul(f, 0x10000000000000001)
                    a := add(add(add(a, xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))), xor(h, and(f, xor(g, h)))), add(0x6c44198c4a475817, mload(add(schedule, 1264))))
                }
                e := and(add(e, a), 0xffffffffffffffff)
                odd := xor(b, c)
                {
                    let aa := mul(b, 0x10000000000000001)
                    a := and(add(a, add(xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa)), xor(c, and(odd, from)))), 0xffffffffffffffff)
                }
                mstore(state, and(add(mload(state), a), 0xffffffffffffffff))
                mstore(add(state, 32), and(add(mload(add(state, 32)), b), 0xffffffffffffffff))
                mstore(add(state, 64), and(add(mload(add(state, 64)), c), 0xffffffffffffffff))
                mstore(add(state, 96), and(add(mload(add(state, 96)), d), 0xffffffffffffffff))
                mstore(add(state, 128), and(add(mload(add(state, 128)), e), 0xffffffffffffffff))
                mstore(add(state, 160), and(add(mload(add(state, 160)), f), 0xffffffffffffffff))
                mstore(add(state, 192), and(add(mload(add(state, 192)), g), 0xffffffffffffffff))
                mstore(add(state, 224), and(add(mload(add(state, 224)), h), 0xffffffffffffffff))
            }
            // Behind the allocated memory: state, schedule, padded message.
            let state := mload(0x40)
            mstore(state, 0xcbbb9d5dc1059ed8)
            mstore(add(state, 32), 0x629a292a367cd507)
            mstore(add(state, 64), 0x9159015a3070dd17)
            mstore(add(state, 96), 0x152fecd8f70e5939)
            mstore(add(state, 128), 0x67332667ffc00b31)
            mstore(add(state, 160), 0x8eb44a8768581511)
            mstore(add(state, 192), 0xdb0c2e0d64f98fa7)
            mstore(add(state, 224), 0x47b5481dbefa4fa4)
            let schedule := add(state, 256)
            let from := add(schedule, 1296)
            let length := mload(message)
            let last := add(from, and(add(length, 16), not(127)))
            mcopy(from, add(message, 32), length)
            // Padding: a one, zeros, and the length in bits in the last 16 bytes of a block.
            calldatacopy(add(from, length), calldatasize(), sub(add(last, 128), add(from, length)))
            mstore8(add(from, length), 0x80)
            mstore(add(last, 96), or(mload(add(last, 96)), shl(3, length)))
            for {} iszero(gt(from, last)) { from := add(from, 128) } { compress(from, schedule, state) }
            high := or(or(shl(192, mload(state)), shl(128, mload(add(state, 32)))), or(shl(64, mload(add(state, 64))), mload(add(state, 96))))
            low := or(shl(192, mload(add(state, 128))), shl(128, mload(add(state, 160))))
        }
    }
}
