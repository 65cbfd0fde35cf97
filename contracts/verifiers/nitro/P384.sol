// SPDX-License-Identifier: MIT
// Written by scripts/generate/p384: change that, and run npm run generate.
// solhint-disable function-max-lines
pragma solidity ^0.8.28;

/// @title ECDSA over P-384 with hints
/// @notice The algorithm, its soundness and the layout of hints and memory: docs/p384.md.
library P384 {
    /// @dev Bytes of a digest, a signature (r ‖ s), a key (x ‖ y), hints and the table, all numbers big-endian.
    uint256 internal constant DIGEST_BYTES = 48;
    uint256 internal constant SIGNATURE_BYTES = 96;
    uint256 internal constant KEY_BYTES = 96;
    uint256 internal constant HINTS_BYTES = 913;
    uint256 internal constant TABLE_BYTES = 18432;

    /// @dev keccak256 of the table: G, 3G, … 255G, then 1, 3, … 127 times 2¹⁹²G, x ‖ y each.
    bytes32 internal constant TABLE_HASH = 0xe7d3e71fad87c4c4f7fac03fd29ab16722a59419f9d19d794e9421e1e1087497;

    /// @dev Whether the signature is the key's for the digest, and the hints show it. False for anything malformed.
    /// Writes memory from 0x400 on; false if something is allocated there already.
    /// @param table Account whose code is a STOP and the table; the caller vouches for it.
    function verify(
        bytes calldata digest,
        bytes calldata signature,
        bytes calldata key,
        bytes calldata hints,
        address table
    ) internal view returns (bool isValid) {
        if (digest.length != DIGEST_BYTES || signature.length != SIGNATURE_BYTES) return false;
        if (key.length != KEY_BYTES || hints.length != HINTS_BYTES) return false;
        assembly ("memory-safe") {
            // Whether a field element is zero: it is below 2³⁸⁴, so 0 or p.
            function isZero(element) -> yes {
                let h := mload(element) let l := mload(add(element, 0x20))
                yes := or(iszero(or(h, l)), and(eq(h, 0xffffffffffffffffffffffffffffffff), eq(l, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff)))
            }
            function isBelowFieldOrder(h, l) -> yes {
                yes := or(lt(h, 0xffffffffffffffffffffffffffffffff), and(eq(h, 0xffffffffffffffffffffffffffffffff), lt(l, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff)))
            }
            // Whether a number of 48 bytes is a scalar: 0 < scalar < n.
            function isScalar(h, l) -> yes {
                yes := or(lt(h, 0xffffffffffffffffffffffffffffffff), and(eq(h, 0xffffffffffffffffffffffffffffffff), lt(l, 0xffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973)))
                yes := and(yes, iszero(iszero(or(h, l))))
            }
            // Whether left + right is 0 or n, for numbers below n.
            function cancel(leftHigh, leftLow, rightHigh, rightLow) -> yes {
                let l := add(leftLow, rightLow)
                let h := add(add(leftHigh, rightHigh), lt(l, leftLow))
                yes := or(iszero(or(h, l)), and(eq(h, 0xffffffffffffffffffffffffffffffff), eq(l, 0xffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973)))
            }
            // left · right mod n; the precompile has its lengths and modulus from check().
            function multiplyModOrder(ah, al, bh, bl) -> h, l {
                let t0 := mul(al, bl)
                let t1 := mulmod(al, bl, not(0))
                t1 := sub(sub(t1, t0), lt(t1, t0))
                let mixed := add(mul(ah, bl), mul(al, bh))
                let mixedFolded := addmod(mulmod(ah, bl, not(0)), mulmod(al, bh, not(0)), not(0))
                t1 := add(t1, mixed)
                mstore(0x760, add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed)))
                mstore(0x780, t1)
                mstore(0x7a0, t0)
                // It fails only for want of gas, and then so does the call.
                if iszero(staticcall(gas(), 5, 0x700, 241, 0x800, 48)) { revert(0, 0) }
                h := shr(128, mload(0x800))
                l := mload(0x810)
            }
            // a ≠ 0, a·r = ±b·s and c·s + a·h = 0 (mod n): a·R ∓ b·Q + c·G is a/s times s·R − r·Q − h·G.
            function scalarsAreRight() -> yes {
                if iszero(shr(64, mload(0x931))) { leave }
                let h1, l1 := multiplyModOrder(shr(128, mload(0x870)), mload(0x880), 0, shr(64, mload(0x931)))
                let h2, l2 := multiplyModOrder(shr(128, mload(0x8a0)), mload(0x8b0), 0, shr(64, mload(0x949)))
                switch isKeySubtracted()
                case 1 { if or(xor(h1, h2), xor(l1, l2)) { leave } }
                default { if iszero(cancel(h1, l1, h2, l2)) { leave } }
                h1, l1 := multiplyModOrder(shr(128, mload(0x8a0)), mload(0x8b0), shr(128, mload(0x961)), mload(0x971))
                h2, l2 := multiplyModOrder(shr(128, mload(0x840)), mload(0x850), 0, shr(64, mload(0x931)))
                yes := cancel(h1, l1, h2, l2)
            }
            // The first byte of the hints: bit 0, b is subtracted; bit 1, the x of R is r + n.
            function isKeySubtracted() -> yes { yes := and(byte(0, mload(0x930)), 1) }
            // The x of R: r, or r + n if that is what the hints say.
            function nonceX() -> h, l {
                h := shr(128, mload(0x870))
                l := mload(0x880)
                if and(byte(0, mload(0x930)), 2) {
                    l := add(l, 0xffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973)
                    h := add(add(h, 0xffffffffffffffffffffffffffffffff), lt(l, 0xffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973))
                }
            }
            // Whether (x, y) is on the curve.
            function isOnCurve() -> yes {
                // a = x² − 3
                {
                    let al := mload(0x420) let ah := mload(0x400)
                    let t0 := mul(al, al)
                    let folded := mulmod(al, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                    let twice := shl(1, ah)
                    let mixed := mul(twice, al)
                    let mixedFolded := mulmod(twice, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                    let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                    let t2 := add(add(mul(ah, ah), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                    let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                    let d5 := shr(128, t2)
                    let s := add(d5, shr(128, t1))
                    let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                    let z := mul(s, 0xffffffffffffffff00000001)
                    let sum := add(z, t0)
                    let y := shl(128, middle)
                    let lo := add(sum, y)
                    let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                    let lo0 := sub(lo, 0x800000007fffffffffffffff800000008)
                    let lo1 := sub(lo0, mload(0x6e0))
                    let lo2 := sub(lo1, shl(1, mload(0x6e0)))
                    let hi1 := sub(sub(sub(add(hi, 0x800000000000000000000000000000000), mload(0x6c0)), or(shl(1, mload(0x6c0)), shr(255, mload(0x6e0)))), add(add(gt(lo0, lo), gt(lo1, lo0)), gt(lo2, lo1)))
                    {
                        let back := mul(shr(128, hi1), 0x100000000ffffffffffffffff00000001)
                        let l := add(lo2, back)
                        let h := and(hi1, 0xffffffffffffffffffffffffffffffff)
                        if lt(l, back) {
                            h := add(h, 1)
                            if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                        }
                        mstore(0x4c0, h) mstore(0x4e0, l)
                    }
                }
                // a = x³ − 3x
                {
                    let al := mload(0x4e0) let bl := mload(0x420) let ah := mload(0x4c0) let bh := mload(0x400)
                    let t0 := mul(al, bl)
                    let folded := mulmod(al, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                    let mixed := add(mul(ah, bl), mul(al, bh))
                    let mixedFolded := addmod(mulmod(ah, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), mulmod(al, bh, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                    let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                    let t2 := add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                    let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                    let d5 := shr(128, t2)
                    let s := add(d5, shr(128, t1))
                    let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                    let z := mul(s, 0xffffffffffffffff00000001)
                    let sum := add(z, t0)
                    let y := shl(128, middle)
                    let lo := add(sum, y)
                    let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                    {
                        let back := mul(shr(128, hi), 0x100000000ffffffffffffffff00000001)
                        let l := add(lo, back)
                        let h := and(hi, 0xffffffffffffffffffffffffffffffff)
                        if lt(l, back) {
                            h := add(h, 1)
                            if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                        }
                        mstore(0x4c0, h) mstore(0x4e0, l)
                    }
                }
                mstore(0x500, 0xb3312fa7e23ee7e4988e056be3f82d19) mstore(0x520, 0x181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef)
                // a = x³ − 3x + b
                {
                    let addend := mload(0x520)
                    let lo := add(mload(0x4e0), addend)
                    let hi := add(add(mload(0x4c0), mload(0x500)), lt(lo, addend))
                    {
                        let back := mul(shr(128, hi), 0x100000000ffffffffffffffff00000001)
                        let l := add(lo, back)
                        let h := and(hi, 0xffffffffffffffffffffffffffffffff)
                        if lt(l, back) {
                            h := add(h, 1)
                            if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                        }
                        mstore(0x4c0, h) mstore(0x4e0, l)
                    }
                }
                // b = y² − a
                {
                    let al := mload(0x460) let ah := mload(0x440)
                    let t0 := mul(al, al)
                    let folded := mulmod(al, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                    let twice := shl(1, ah)
                    let mixed := mul(twice, al)
                    let mixedFolded := mulmod(twice, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                    let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                    let t2 := add(add(mul(ah, ah), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                    let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                    let d5 := shr(128, t2)
                    let s := add(d5, shr(128, t1))
                    let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                    let z := mul(s, 0xffffffffffffffff00000001)
                    let sum := add(z, t0)
                    let y := shl(128, middle)
                    let lo := add(sum, y)
                    let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                    let lo0 := sub(lo, 0x200000001fffffffffffffffe00000002)
                    let lo1 := sub(lo0, mload(0x4e0))
                    let hi1 := sub(sub(add(hi, 0x200000000000000000000000000000000), mload(0x4c0)), add(gt(lo0, lo), gt(lo1, lo0)))
                    {
                        let back := mul(shr(128, hi1), 0x100000000ffffffffffffffff00000001)
                        let l := add(lo1, back)
                        let h := and(hi1, 0xffffffffffffffffffffffffffffffff)
                        if lt(l, back) {
                            h := add(h, 1)
                            if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                        }
                        mstore(0x500, h) mstore(0x520, l)
                    }
                }
                yes := isZero(0x500)
            }
            // Stores P, 3P, … 15P for P = (x, y), with the slopes at `slopes`: of 2P, then of each addition of 2P.
            function fillTable(base, slopes) -> yes {
                mstore(base, shl(128, mload(0x400)))
                mstore(add(base, 16), mload(0x420))
                mstore(add(base, 48), shl(128, mload(0x440)))
                mstore(add(base, 64), mload(0x460))
                mstore(0x680, shr(128, mload(slopes))) mstore(0x6a0, mload(add(slopes, 16)))
                // a = x² − 1
                {
                    let al := mload(0x420) let ah := mload(0x400)
                    let t0 := mul(al, al)
                    let folded := mulmod(al, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                    let twice := shl(1, ah)
                    let mixed := mul(twice, al)
                    let mixedFolded := mulmod(twice, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                    let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                    let t2 := add(add(mul(ah, ah), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                    let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                    let d5 := shr(128, t2)
                    let s := add(d5, shr(128, t1))
                    let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                    let z := mul(s, 0xffffffffffffffff00000001)
                    let sum := add(z, t0)
                    let y := shl(128, middle)
                    let lo := add(sum, y)
                    let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                    let lo0 := sub(lo, 0x200000001fffffffffffffffe00000002)
                    let lo1 := sub(lo0, mload(0x6e0))
                    let hi1 := sub(sub(add(hi, 0x200000000000000000000000000000000), mload(0x6c0)), add(gt(lo0, lo), gt(lo1, lo0)))
                    {
                        let back := mul(shr(128, hi1), 0x100000000ffffffffffffffff00000001)
                        let l := add(lo1, back)
                        let h := and(hi1, 0xffffffffffffffffffffffffffffffff)
                        if lt(l, back) {
                            h := add(h, 1)
                            if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                        }
                        mstore(0x4c0, h) mstore(0x4e0, l)
                    }
                }
                // b = 2·slope·y − 3a
                {
                    let al := mload(0x6a0) let bl := mload(0x460) let ah := mload(0x680) let bh := mload(0x440)
                    let t0 := mul(al, bl)
                    let folded := mulmod(al, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                    let mixed := add(mul(ah, bl), mul(al, bh))
                    let mixedFolded := addmod(mulmod(ah, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), mulmod(al, bh, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                    let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                    let t2 := add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                    let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                    let d5 := shr(128, t2)
                    let s := add(d5, shr(128, t1))
                    let middle := add(shl(1, s), mul(d4, 0x1fffffffffffffffe00000002))
                    let z := mul(s, 0x1fffffffffffffffe00000002)
                    let sum := add(z, shl(1, t0))
                    let y := shl(128, middle)
                    let lo := add(sum, y)
                    let hi := add(add(add(add(add(shl(1, add(and(t1, 0xffffffffffffffffffffffffffffffff), d4)), mul(d5, 0x1fffffffffffffffe00000002)), shr(128, middle)), lt(sum, z)), lt(lo, y)), shr(255, t0))
                    let lo0 := sub(lo, 0x800000007fffffffffffffff800000008)
                    let lo1 := sub(lo0, mload(0x4e0))
                    let lo2 := sub(lo1, shl(1, mload(0x4e0)))
                    let hi1 := sub(sub(sub(add(hi, 0x800000000000000000000000000000000), mload(0x4c0)), or(shl(1, mload(0x4c0)), shr(255, mload(0x4e0)))), add(add(gt(lo0, lo), gt(lo1, lo0)), gt(lo2, lo1)))
                    {
                        let back := mul(shr(128, hi1), 0x100000000ffffffffffffffff00000001)
                        let l := add(lo2, back)
                        let h := and(hi1, 0xffffffffffffffffffffffffffffffff)
                        if lt(l, back) {
                            h := add(h, 1)
                            if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                        }
                        mstore(0x500, h) mstore(0x520, l)
                    }
                }
                if iszero(isZero(0x500)) { leave }
                // x2 = slope² − 2x
                {
                    let al := mload(0x6a0) let ah := mload(0x680)
                    let t0 := mul(al, al)
                    let folded := mulmod(al, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                    let twice := shl(1, ah)
                    let mixed := mul(twice, al)
                    let mixedFolded := mulmod(twice, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                    let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                    let t2 := add(add(mul(ah, ah), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                    let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                    let d5 := shr(128, t2)
                    let s := add(d5, shr(128, t1))
                    let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                    let z := mul(s, 0xffffffffffffffff00000001)
                    let sum := add(z, t0)
                    let y := shl(128, middle)
                    let lo := add(sum, y)
                    let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                    let lo0 := sub(lo, 0x400000003fffffffffffffffc00000004)
                    let lo1 := sub(lo0, shl(1, mload(0x420)))
                    let hi1 := sub(sub(add(hi, 0x400000000000000000000000000000000), or(shl(1, mload(0x400)), shr(255, mload(0x420)))), add(gt(lo0, lo), gt(lo1, lo0)))
                    {
                        let back := mul(shr(128, hi1), 0x100000000ffffffffffffffff00000001)
                        let l := add(lo1, back)
                        let h := and(hi1, 0xffffffffffffffffffffffffffffffff)
                        if lt(l, back) {
                            h := add(h, 1)
                            if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                        }
                        mstore(0x600, h) mstore(0x620, l)
                    }
                }
                // y2 = slope·(x − x2) − y
                {
                    let minuend := mload(0x420)
                    let lo := sub(minuend, mload(0x620))
                    let hi := sub(sub(mload(0x400), mload(0x600)), gt(lo, minuend))
                    if shr(255, hi) {
                        lo := add(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff)
                        hi := add(add(hi, 0xffffffffffffffffffffffffffffffff), lt(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff))
                        if shr(255, hi) {
                            lo := add(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff)
                            hi := add(add(hi, 0xffffffffffffffffffffffffffffffff), lt(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff))
                    }}
                    mstore(0x500, hi) mstore(0x520, lo)
                }
                {
                    let al := mload(0x520) let bl := mload(0x6a0) let ah := mload(0x500) let bh := mload(0x680)
                    let t0 := mul(al, bl)
                    let folded := mulmod(al, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                    let mixed := add(mul(ah, bl), mul(al, bh))
                    let mixedFolded := addmod(mulmod(ah, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), mulmod(al, bh, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                    let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                    let t2 := add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                    let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                    let d5 := shr(128, t2)
                    let s := add(d5, shr(128, t1))
                    let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                    let z := mul(s, 0xffffffffffffffff00000001)
                    let sum := add(z, t0)
                    let y := shl(128, middle)
                    let lo := add(sum, y)
                    let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                    let lo0 := sub(lo, 0x200000001fffffffffffffffe00000002)
                    let lo1 := sub(lo0, mload(0x460))
                    let hi1 := sub(sub(add(hi, 0x200000000000000000000000000000000), mload(0x440)), add(gt(lo0, lo), gt(lo1, lo0)))
                    {
                        let back := mul(shr(128, hi1), 0x100000000ffffffffffffffff00000001)
                        let l := add(lo1, back)
                        let h := and(hi1, 0xffffffffffffffffffffffffffffffff)
                        if lt(l, back) {
                            h := add(h, 1)
                            if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                        }
                        mstore(0x640, h) mstore(0x660, l)
                    }
                }
                for { let rest := 7 } rest { rest := sub(rest, 1) } {
                    slopes := add(slopes, 48)
                    base := add(base, 96)
                    mstore(0x680, shr(128, mload(slopes))) mstore(0x6a0, mload(add(slopes, 16)))
                    // a = slope·(x2 − x) − y2 + y
                    {
                        let minuend := mload(0x620)
                        let lo := sub(minuend, mload(0x420))
                        let hi := sub(sub(mload(0x600), mload(0x400)), gt(lo, minuend))
                        if shr(255, hi) {
                            lo := add(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff)
                            hi := add(add(hi, 0xffffffffffffffffffffffffffffffff), lt(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff))
                            if shr(255, hi) {
                                lo := add(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff)
                                hi := add(add(hi, 0xffffffffffffffffffffffffffffffff), lt(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff))
                        }}
                        mstore(0x4c0, hi) mstore(0x4e0, lo)
                    }
                    {
                        let al := mload(0x4e0) let bl := mload(0x6a0) let ah := mload(0x4c0) let bh := mload(0x680)
                        let t0 := mul(al, bl)
                        let folded := mulmod(al, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let mixed := add(mul(ah, bl), mul(al, bh))
                        let mixedFolded := addmod(mulmod(ah, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), mulmod(al, bh, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                        let t2 := add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                        let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                        let d5 := shr(128, t2)
                        let s := add(d5, shr(128, t1))
                        let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                        let z := mul(s, 0xffffffffffffffff00000001)
                        let sum := add(z, t0)
                        let y := shl(128, middle)
                        let lo := add(sum, y)
                        let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                        let lo0 := sub(lo, 0x200000001fffffffffffffffe00000002)
                        let lo1 := sub(lo0, mload(0x660))
                        let hi1 := sub(sub(add(hi, 0x200000000000000000000000000000000), mload(0x640)), add(gt(lo0, lo), gt(lo1, lo0)))
                        {
                            let back := mul(shr(128, hi1), 0x100000000ffffffffffffffff00000001)
                            let l := add(lo1, back)
                            let h := and(hi1, 0xffffffffffffffffffffffffffffffff)
                            if lt(l, back) {
                                h := add(h, 1)
                                if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                            }
                            mstore(0x4c0, h) mstore(0x4e0, l)
                        }
                    }
                    {
                        let addend := mload(0x460)
                        let lo := add(mload(0x4e0), addend)
                        let hi := add(add(mload(0x4c0), mload(0x440)), lt(lo, addend))
                        {
                            let back := mul(shr(128, hi), 0x100000000ffffffffffffffff00000001)
                            let l := add(lo, back)
                            let h := and(hi, 0xffffffffffffffffffffffffffffffff)
                            if lt(l, back) {
                                h := add(h, 1)
                                if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                            }
                            mstore(0x4c0, h) mstore(0x4e0, l)
                        }
                    }
                    if iszero(isZero(0x4c0)) { leave }
                    // a = slope² − x − x2, the sum's x
                    {
                        let al := mload(0x6a0) let ah := mload(0x680)
                        let t0 := mul(al, al)
                        let folded := mulmod(al, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let twice := shl(1, ah)
                        let mixed := mul(twice, al)
                        let mixedFolded := mulmod(twice, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                        let t2 := add(add(mul(ah, ah), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                        let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                        let d5 := shr(128, t2)
                        let s := add(d5, shr(128, t1))
                        let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                        let z := mul(s, 0xffffffffffffffff00000001)
                        let sum := add(z, t0)
                        let y := shl(128, middle)
                        let lo := add(sum, y)
                        let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                        let lo0 := sub(lo, 0x400000003fffffffffffffffc00000004)
                        let lo1 := sub(lo0, mload(0x420))
                        let lo2 := sub(lo1, mload(0x620))
                        let hi1 := sub(sub(sub(add(hi, 0x400000000000000000000000000000000), mload(0x400)), mload(0x600)), add(add(gt(lo0, lo), gt(lo1, lo0)), gt(lo2, lo1)))
                        {
                            let back := mul(shr(128, hi1), 0x100000000ffffffffffffffff00000001)
                            let l := add(lo2, back)
                            let h := and(hi1, 0xffffffffffffffffffffffffffffffff)
                            if lt(l, back) {
                                h := add(h, 1)
                                if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                            }
                            mstore(0x4c0, h) mstore(0x4e0, l)
                        }
                    }
                    // y = slope·(x − a) − y
                    {
                        let minuend := mload(0x420)
                        let lo := sub(minuend, mload(0x4e0))
                        let hi := sub(sub(mload(0x400), mload(0x4c0)), gt(lo, minuend))
                        if shr(255, hi) {
                            lo := add(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff)
                            hi := add(add(hi, 0xffffffffffffffffffffffffffffffff), lt(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff))
                            if shr(255, hi) {
                                lo := add(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff)
                                hi := add(add(hi, 0xffffffffffffffffffffffffffffffff), lt(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff))
                        }}
                        mstore(0x500, hi) mstore(0x520, lo)
                    }
                    {
                        let al := mload(0x520) let bl := mload(0x6a0) let ah := mload(0x500) let bh := mload(0x680)
                        let t0 := mul(al, bl)
                        let folded := mulmod(al, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let mixed := add(mul(ah, bl), mul(al, bh))
                        let mixedFolded := addmod(mulmod(ah, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), mulmod(al, bh, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                        let t2 := add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                        let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                        let d5 := shr(128, t2)
                        let s := add(d5, shr(128, t1))
                        let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                        let z := mul(s, 0xffffffffffffffff00000001)
                        let sum := add(z, t0)
                        let y := shl(128, middle)
                        let lo := add(sum, y)
                        let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                        let lo0 := sub(lo, 0x200000001fffffffffffffffe00000002)
                        let lo1 := sub(lo0, mload(0x460))
                        let hi1 := sub(sub(add(hi, 0x200000000000000000000000000000000), mload(0x440)), add(gt(lo0, lo), gt(lo1, lo0)))
                        {
                            let back := mul(shr(128, hi1), 0x100000000ffffffffffffffff00000001)
                            let l := add(lo1, back)
                            let h := and(hi1, 0xffffffffffffffffffffffffffffffff)
                            if lt(l, back) {
                                h := add(h, 1)
                                if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                            }
                            mstore(0x440, h) mstore(0x460, l)
                        }
                    }
                    {
                        mstore(0x400, mload(1216)) mstore(0x420, mload(1248))
                    }
                    mstore(base, shl(128, mload(0x400)))
                    mstore(add(base, 16), mload(0x420))
                    mstore(add(base, 48), shl(128, mload(0x440)))
                    mstore(add(base, 64), mload(0x460))
                }
                yes := 1
            }
            // Writes the non-adjacent form of a scalar below 2¹⁹² into the digits: at each bit the pointer to the odd multiple, and the sign.
            function addDigits(scalar, width, base, sign) -> count, top {
                let full := shl(width, 1)
                let mask := sub(full, 1)
                let position := 0x5ae0
                for {} scalar {} {
                    if iszero(and(scalar, 0xff)) { scalar := shr(8, scalar) position := add(position, 256) continue }
                    for {} iszero(and(scalar, 1)) {} { scalar := shr(1, scalar) position := add(position, 32) }
                    let digit := and(scalar, mask)
                    let entrySign := sign
                    scalar := shr(width, scalar)
                    // From half of the window on: the digit less the window's size, and one carried.
                    if shr(sub(width, 1), digit) {
                        digit := sub(full, digit)
                        scalar := add(scalar, 1)
                        entrySign := xor(sign, 0x8000)
                    }
                    let entry := or(add(base, mul(shr(1, digit), 96)), entrySign)
                    mstore(position, or(shl(16, mload(position)), entry))
                    count := add(count, 1)
                    top := position
                    position := add(position, shl(5, width))
                }
            }
            // Digits of all four scalars: how many there are, and where the highest is.
            function writeDigits() -> count, top {
                calldatacopy(0x5ae0, calldatasize(), 6176)
                count, top := addDigits(shr(64, mload(0x931)), 5, 0xce0, 0)
                let more, position := addDigits(shr(64, mload(0x949)), 5, 0xfe0, shl(15, isKeySubtracted()))
                count := add(count, more)
                if gt(position, top) { top := position }
                more, position := addDigits(and(mload(0x971), 0xffffffffffffffffffffffffffffffffffffffffffffffff), 9, 0x12e0, 0)
                count := add(count, more)
                if gt(position, top) { top := position }
                more, position := addDigits(shr(64, mload(0x961)), 8, 0x42e0, 0)
                count := add(count, more)
                if gt(position, top) { top := position }
            }
            // Loads a digit's point into (x2, y2), with p − y if it is subtracted.
            function loadEntry(entry) {
                let point := and(entry, 0x7fff)
                mstore(0x600, shr(128, mload(point))) mstore(0x620, mload(add(point, 16)))
                let hi := shr(128, mload(add(point, 48)))
                let lo := mload(add(point, 64))
                if and(entry, 0x8000) {
                    hi := sub(sub(0xffffffffffffffffffffffffffffffff, hi), gt(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff))
                    lo := sub(0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff, lo)
                    // y was between p and 2³⁸⁴.
                    if shr(255, hi) {
                        lo := add(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff)
                        hi := add(add(hi, 0xffffffffffffffffffffffffffffffff), lt(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff))
                    }
                }
                mstore(0x640, hi) mstore(0x660, lo)
            }
            // Whether all digits together make the point at infinity. Any sum that the formulas do not cover ends it: with the
            // last digit it is either what we look for (the point is the accumulator's opposite) or a doubling, and false.
            function sumIsZero() -> yes {
                let count, position := writeDigits()
                {
                    let entries := mload(position)
                    loadEntry(and(entries, 0xffff))
                    mstore(position, shr(16, entries))
                    count := sub(count, 1)
                    {
                        mstore(0x400, mload(1536)) mstore(0x420, mload(1568))
                    }
                    {
                        mstore(0x440, mload(1600)) mstore(0x460, mload(1632))
                    }
                    {
                        mstore(0x480, mload(1728)) mstore(0x4a0, mload(1760))
                    }
                }
                for {} 1 {} {
                    for { let entries := mload(position) } entries { entries := shr(16, entries) } {
                        loadEntry(and(entries, 0xffff))
                        count := sub(count, 1)
                        // a = z²
                        {
                            let al := mload(0x4a0) let ah := mload(0x480)
                            let t0 := mul(al, al)
                            let folded := mulmod(al, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let twice := shl(1, ah)
                            let mixed := mul(twice, al)
                            let mixedFolded := mulmod(twice, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                            let t2 := add(add(mul(ah, ah), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                            let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                            let d5 := shr(128, t2)
                            let s := add(d5, shr(128, t1))
                            let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                            let z := mul(s, 0xffffffffffffffff00000001)
                            let sum := add(z, t0)
                            let y := shl(128, middle)
                            let lo := add(sum, y)
                            let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                            {
                                let back := mul(shr(128, hi), 0x100000000ffffffffffffffff00000001)
                                let l := add(lo, back)
                                let h := and(hi, 0xffffffffffffffffffffffffffffffff)
                                if lt(l, back) {
                                    h := add(h, 1)
                                    if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                                }
                                mstore(0x4c0, h) mstore(0x4e0, l)
                            }
                        }
                        // b = x2·z² − x
                        {
                            let al := mload(0x620) let bl := mload(0x4e0) let ah := mload(0x600) let bh := mload(0x4c0)
                            let t0 := mul(al, bl)
                            let folded := mulmod(al, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let mixed := add(mul(ah, bl), mul(al, bh))
                            let mixedFolded := addmod(mulmod(ah, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), mulmod(al, bh, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                            let t2 := add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                            let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                            let d5 := shr(128, t2)
                            let s := add(d5, shr(128, t1))
                            let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                            let z := mul(s, 0xffffffffffffffff00000001)
                            let sum := add(z, t0)
                            let y := shl(128, middle)
                            let lo := add(sum, y)
                            let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                            let lo0 := sub(lo, 0x200000001fffffffffffffffe00000002)
                            let lo1 := sub(lo0, mload(0x420))
                            let hi1 := sub(sub(add(hi, 0x200000000000000000000000000000000), mload(0x400)), add(gt(lo0, lo), gt(lo1, lo0)))
                            {
                                let back := mul(shr(128, hi1), 0x100000000ffffffffffffffff00000001)
                                let l := add(lo1, back)
                                let h := and(hi1, 0xffffffffffffffffffffffffffffffff)
                                if lt(l, back) {
                                    h := add(h, 1)
                                    if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                                }
                                mstore(0x500, h) mstore(0x520, l)
                            }
                        }
                        // c = y2·z³ − y
                        {
                            let al := mload(0x660) let bl := mload(0x4a0) let ah := mload(0x640) let bh := mload(0x480)
                            let t0 := mul(al, bl)
                            let folded := mulmod(al, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let mixed := add(mul(ah, bl), mul(al, bh))
                            let mixedFolded := addmod(mulmod(ah, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), mulmod(al, bh, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                            let t2 := add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                            let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                            let d5 := shr(128, t2)
                            let s := add(d5, shr(128, t1))
                            let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                            let z := mul(s, 0xffffffffffffffff00000001)
                            let sum := add(z, t0)
                            let y := shl(128, middle)
                            let lo := add(sum, y)
                            let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                            {
                                let back := mul(shr(128, hi), 0x100000000ffffffffffffffff00000001)
                                let l := add(lo, back)
                                let h := and(hi, 0xffffffffffffffffffffffffffffffff)
                                if lt(l, back) {
                                    h := add(h, 1)
                                    if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                                }
                                mstore(0x540, h) mstore(0x560, l)
                            }
                        }
                        {
                            let al := mload(0x560) let bl := mload(0x4e0) let ah := mload(0x540) let bh := mload(0x4c0)
                            let t0 := mul(al, bl)
                            let folded := mulmod(al, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let mixed := add(mul(ah, bl), mul(al, bh))
                            let mixedFolded := addmod(mulmod(ah, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), mulmod(al, bh, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                            let t2 := add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                            let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                            let d5 := shr(128, t2)
                            let s := add(d5, shr(128, t1))
                            let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                            let z := mul(s, 0xffffffffffffffff00000001)
                            let sum := add(z, t0)
                            let y := shl(128, middle)
                            let lo := add(sum, y)
                            let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                            let lo0 := sub(lo, 0x200000001fffffffffffffffe00000002)
                            let lo1 := sub(lo0, mload(0x460))
                            let hi1 := sub(sub(add(hi, 0x200000000000000000000000000000000), mload(0x440)), add(gt(lo0, lo), gt(lo1, lo0)))
                            {
                                let back := mul(shr(128, hi1), 0x100000000ffffffffffffffff00000001)
                                let l := add(lo1, back)
                                let h := and(hi1, 0xffffffffffffffffffffffffffffffff)
                                if lt(l, back) {
                                    h := add(h, 1)
                                    if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                                }
                                mstore(0x540, h) mstore(0x560, l)
                            }
                        }
                        if or(iszero(mload(0x520)), eq(mload(0x520), 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff)) {
                            if isZero(0x500) { yes := and(iszero(count), iszero(isZero(0x540))) leave }
                        }
                        // d = x·b², e = b³
                        {
                            let al := mload(0x520) let ah := mload(0x500)
                            let t0 := mul(al, al)
                            let folded := mulmod(al, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let twice := shl(1, ah)
                            let mixed := mul(twice, al)
                            let mixedFolded := mulmod(twice, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                            let t2 := add(add(mul(ah, ah), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                            let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                            let d5 := shr(128, t2)
                            let s := add(d5, shr(128, t1))
                            let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                            let z := mul(s, 0xffffffffffffffff00000001)
                            let sum := add(z, t0)
                            let y := shl(128, middle)
                            let lo := add(sum, y)
                            let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                            {
                                let back := mul(shr(128, hi), 0x100000000ffffffffffffffff00000001)
                                let l := add(lo, back)
                                let h := and(hi, 0xffffffffffffffffffffffffffffffff)
                                if lt(l, back) {
                                    h := add(h, 1)
                                    if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                                }
                                mstore(0x580, h) mstore(0x5a0, l)
                            }
                        }
                        {
                            let al := mload(0x520) let bl := mload(0x5a0) let ah := mload(0x500) let bh := mload(0x580)
                            let t0 := mul(al, bl)
                            let folded := mulmod(al, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let mixed := add(mul(ah, bl), mul(al, bh))
                            let mixedFolded := addmod(mulmod(ah, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), mulmod(al, bh, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                            let t2 := add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                            let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                            let d5 := shr(128, t2)
                            let s := add(d5, shr(128, t1))
                            let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                            let z := mul(s, 0xffffffffffffffff00000001)
                            let sum := add(z, t0)
                            let y := shl(128, middle)
                            let lo := add(sum, y)
                            let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                            {
                                let back := mul(shr(128, hi), 0x100000000ffffffffffffffff00000001)
                                let l := add(lo, back)
                                let h := and(hi, 0xffffffffffffffffffffffffffffffff)
                                if lt(l, back) {
                                    h := add(h, 1)
                                    if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                                }
                                mstore(0x5c0, h) mstore(0x5e0, l)
                            }
                        }
                        {
                            let al := mload(0x420) let bl := mload(0x5a0) let ah := mload(0x400) let bh := mload(0x580)
                            let t0 := mul(al, bl)
                            let folded := mulmod(al, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let mixed := add(mul(ah, bl), mul(al, bh))
                            let mixedFolded := addmod(mulmod(ah, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), mulmod(al, bh, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                            let t2 := add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                            let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                            let d5 := shr(128, t2)
                            let s := add(d5, shr(128, t1))
                            let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                            let z := mul(s, 0xffffffffffffffff00000001)
                            let sum := add(z, t0)
                            let y := shl(128, middle)
                            let lo := add(sum, y)
                            let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                            {
                                let back := mul(shr(128, hi), 0x100000000ffffffffffffffff00000001)
                                let l := add(lo, back)
                                let h := and(hi, 0xffffffffffffffffffffffffffffffff)
                                if lt(l, back) {
                                    h := add(h, 1)
                                    if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                                }
                                mstore(0x580, h) mstore(0x5a0, l)
                            }
                        }
                        // z = z·b
                        {
                            let al := mload(0x4a0) let bl := mload(0x520) let ah := mload(0x480) let bh := mload(0x500)
                            let t0 := mul(al, bl)
                            let folded := mulmod(al, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let mixed := add(mul(ah, bl), mul(al, bh))
                            let mixedFolded := addmod(mulmod(ah, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), mulmod(al, bh, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                            let t2 := add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                            let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                            let d5 := shr(128, t2)
                            let s := add(d5, shr(128, t1))
                            let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                            let z := mul(s, 0xffffffffffffffff00000001)
                            let sum := add(z, t0)
                            let y := shl(128, middle)
                            let lo := add(sum, y)
                            let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                            {
                                let back := mul(shr(128, hi), 0x100000000ffffffffffffffff00000001)
                                let l := add(lo, back)
                                let h := and(hi, 0xffffffffffffffffffffffffffffffff)
                                if lt(l, back) {
                                    h := add(h, 1)
                                    if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                                }
                                mstore(0x480, h) mstore(0x4a0, l)
                            }
                        }
                        // x = c² − e − 2d
                        {
                            let al := mload(0x560) let ah := mload(0x540)
                            let t0 := mul(al, al)
                            let folded := mulmod(al, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let twice := shl(1, ah)
                            let mixed := mul(twice, al)
                            let mixedFolded := mulmod(twice, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                            let t2 := add(add(mul(ah, ah), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                            let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                            let d5 := shr(128, t2)
                            let s := add(d5, shr(128, t1))
                            let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                            let z := mul(s, 0xffffffffffffffff00000001)
                            let sum := add(z, t0)
                            let y := shl(128, middle)
                            let lo := add(sum, y)
                            let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                            let lo0 := sub(lo, 0x800000007fffffffffffffff800000008)
                            let lo1 := sub(lo0, mload(0x5e0))
                            let lo2 := sub(lo1, shl(1, mload(0x5a0)))
                            let hi1 := sub(sub(sub(add(hi, 0x800000000000000000000000000000000), mload(0x5c0)), or(shl(1, mload(0x580)), shr(255, mload(0x5a0)))), add(add(gt(lo0, lo), gt(lo1, lo0)), gt(lo2, lo1)))
                            {
                                let back := mul(shr(128, hi1), 0x100000000ffffffffffffffff00000001)
                                let l := add(lo2, back)
                                let h := and(hi1, 0xffffffffffffffffffffffffffffffff)
                                if lt(l, back) {
                                    h := add(h, 1)
                                    if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                                }
                                mstore(0x400, h) mstore(0x420, l)
                            }
                        }
                        // y = c·(d − x) − y·e
                        {
                            let minuend := mload(0x5a0)
                            let lo := sub(minuend, mload(0x420))
                            let hi := sub(sub(mload(0x580), mload(0x400)), gt(lo, minuend))
                            if shr(255, hi) {
                                lo := add(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff)
                                hi := add(add(hi, 0xffffffffffffffffffffffffffffffff), lt(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff))
                                if shr(255, hi) {
                                    lo := add(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff)
                                    hi := add(add(hi, 0xffffffffffffffffffffffffffffffff), lt(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff))
                            }}
                            mstore(0x580, hi) mstore(0x5a0, lo)
                        }
                        {
                            let al := mload(0x460) let bl := mload(0x5e0) let ah := mload(0x440) let bh := mload(0x5c0)
                            let t0 := mul(al, bl)
                            let folded := mulmod(al, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let mixed := add(mul(ah, bl), mul(al, bh))
                            let mixedFolded := addmod(mulmod(ah, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), mulmod(al, bh, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                            let t2 := add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                            let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                            let d5 := shr(128, t2)
                            let s := add(d5, shr(128, t1))
                            let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                            let z := mul(s, 0xffffffffffffffff00000001)
                            let sum := add(z, t0)
                            let y := shl(128, middle)
                            let lo := add(sum, y)
                            let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                            {
                                let back := mul(shr(128, hi), 0x100000000ffffffffffffffff00000001)
                                let l := add(lo, back)
                                let h := and(hi, 0xffffffffffffffffffffffffffffffff)
                                if lt(l, back) {
                                    h := add(h, 1)
                                    if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                                }
                                mstore(0x5c0, h) mstore(0x5e0, l)
                            }
                        }
                        {
                            let al := mload(0x560) let bl := mload(0x5a0) let ah := mload(0x540) let bh := mload(0x580)
                            let t0 := mul(al, bl)
                            let folded := mulmod(al, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let mixed := add(mul(ah, bl), mul(al, bh))
                            let mixedFolded := addmod(mulmod(ah, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), mulmod(al, bh, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                            let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                            let t2 := add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                            let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                            let d5 := shr(128, t2)
                            let s := add(d5, shr(128, t1))
                            let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                            let z := mul(s, 0xffffffffffffffff00000001)
                            let sum := add(z, t0)
                            let y := shl(128, middle)
                            let lo := add(sum, y)
                            let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                            let lo0 := sub(lo, 0x200000001fffffffffffffffe00000002)
                            let lo1 := sub(lo0, mload(0x5e0))
                            let hi1 := sub(sub(add(hi, 0x200000000000000000000000000000000), mload(0x5c0)), add(gt(lo0, lo), gt(lo1, lo0)))
                            {
                                let back := mul(shr(128, hi1), 0x100000000ffffffffffffffff00000001)
                                let l := add(lo1, back)
                                let h := and(hi1, 0xffffffffffffffffffffffffffffffff)
                                if lt(l, back) {
                                    h := add(h, 1)
                                    if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                                }
                                mstore(0x440, h) mstore(0x460, l)
                            }
                        }
                    }
                    if eq(position, 0x5ae0) { leave }
                    position := sub(position, 32)
                    // a = z²
                    {
                        let al := mload(0x4a0) let ah := mload(0x480)
                        let t0 := mul(al, al)
                        let folded := mulmod(al, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let twice := shl(1, ah)
                        let mixed := mul(twice, al)
                        let mixedFolded := mulmod(twice, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                        let t2 := add(add(mul(ah, ah), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                        let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                        let d5 := shr(128, t2)
                        let s := add(d5, shr(128, t1))
                        let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                        let z := mul(s, 0xffffffffffffffff00000001)
                        let sum := add(z, t0)
                        let y := shl(128, middle)
                        let lo := add(sum, y)
                        let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                        {
                            let back := mul(shr(128, hi), 0x100000000ffffffffffffffff00000001)
                            let l := add(lo, back)
                            let h := and(hi, 0xffffffffffffffffffffffffffffffff)
                            if lt(l, back) {
                                h := add(h, 1)
                                if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                            }
                            mstore(0x4c0, h) mstore(0x4e0, l)
                        }
                    }
                    // b = y²
                    {
                        let al := mload(0x460) let ah := mload(0x440)
                        let t0 := mul(al, al)
                        let folded := mulmod(al, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let twice := shl(1, ah)
                        let mixed := mul(twice, al)
                        let mixedFolded := mulmod(twice, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                        let t2 := add(add(mul(ah, ah), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                        let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                        let d5 := shr(128, t2)
                        let s := add(d5, shr(128, t1))
                        let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                        let z := mul(s, 0xffffffffffffffff00000001)
                        let sum := add(z, t0)
                        let y := shl(128, middle)
                        let lo := add(sum, y)
                        let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                        {
                            let back := mul(shr(128, hi), 0x100000000ffffffffffffffff00000001)
                            let l := add(lo, back)
                            let h := and(hi, 0xffffffffffffffffffffffffffffffff)
                            if lt(l, back) {
                                h := add(h, 1)
                                if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                            }
                            mstore(0x500, h) mstore(0x520, l)
                        }
                    }
                    // c = 3·(x − a)·(x + a)
                    {
                        let minuend := mload(0x420)
                        let lo := sub(minuend, mload(0x4e0))
                        let hi := sub(sub(mload(0x400), mload(0x4c0)), gt(lo, minuend))
                        if shr(255, hi) {
                            lo := add(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff)
                            hi := add(add(hi, 0xffffffffffffffffffffffffffffffff), lt(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff))
                            if shr(255, hi) {
                                lo := add(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff)
                                hi := add(add(hi, 0xffffffffffffffffffffffffffffffff), lt(lo, 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff))
                        }}
                        mstore(0x540, hi) mstore(0x560, lo)
                    }
                    {
                        let addend := mload(0x4e0)
                        let once := add(mload(0x420), addend)
                        let hi := mul(add(add(mload(0x400), mload(0x4c0)), lt(once, addend)), 3)
                        let twice := add(once, once)
                        let lo := add(twice, once)
                        hi := add(add(hi, lt(twice, once)), lt(lo, once))
                        {
                            let back := mul(shr(128, hi), 0x100000000ffffffffffffffff00000001)
                            let l := add(lo, back)
                            let h := and(hi, 0xffffffffffffffffffffffffffffffff)
                            if lt(l, back) {
                                h := add(h, 1)
                                if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                            }
                            mstore(0x580, h) mstore(0x5a0, l)
                        }
                    }
                    {
                        let al := mload(0x560) let bl := mload(0x5a0) let ah := mload(0x540) let bh := mload(0x580)
                        let t0 := mul(al, bl)
                        let folded := mulmod(al, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let mixed := add(mul(ah, bl), mul(al, bh))
                        let mixedFolded := addmod(mulmod(ah, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), mulmod(al, bh, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                        let t2 := add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                        let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                        let d5 := shr(128, t2)
                        let s := add(d5, shr(128, t1))
                        let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                        let z := mul(s, 0xffffffffffffffff00000001)
                        let sum := add(z, t0)
                        let y := shl(128, middle)
                        let lo := add(sum, y)
                        let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                        {
                            let back := mul(shr(128, hi), 0x100000000ffffffffffffffff00000001)
                            let l := add(lo, back)
                            let h := and(hi, 0xffffffffffffffffffffffffffffffff)
                            if lt(l, back) {
                                h := add(h, 1)
                                if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                            }
                            mstore(0x540, h) mstore(0x560, l)
                        }
                    }
                    // d = x·b
                    {
                        let al := mload(0x420) let bl := mload(0x520) let ah := mload(0x400) let bh := mload(0x500)
                        let t0 := mul(al, bl)
                        let folded := mulmod(al, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let mixed := add(mul(ah, bl), mul(al, bh))
                        let mixedFolded := addmod(mulmod(ah, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), mulmod(al, bh, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                        let t2 := add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                        let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                        let d5 := shr(128, t2)
                        let s := add(d5, shr(128, t1))
                        let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                        let z := mul(s, 0xffffffffffffffff00000001)
                        let sum := add(z, t0)
                        let y := shl(128, middle)
                        let lo := add(sum, y)
                        let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                        {
                            let back := mul(shr(128, hi), 0x100000000ffffffffffffffff00000001)
                            let l := add(lo, back)
                            let h := and(hi, 0xffffffffffffffffffffffffffffffff)
                            if lt(l, back) {
                                h := add(h, 1)
                                if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                            }
                            mstore(0x580, h) mstore(0x5a0, l)
                        }
                    }
                    // z = 2·y·z
                    {
                        let al := mload(0x460) let bl := mload(0x4a0) let ah := mload(0x440) let bh := mload(0x480)
                        let t0 := mul(al, bl)
                        let folded := mulmod(al, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let mixed := add(mul(ah, bl), mul(al, bh))
                        let mixedFolded := addmod(mulmod(ah, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), mulmod(al, bh, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                        let t2 := add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                        let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                        let d5 := shr(128, t2)
                        let s := add(d5, shr(128, t1))
                        let middle := add(shl(1, s), mul(d4, 0x1fffffffffffffffe00000002))
                        let z := mul(s, 0x1fffffffffffffffe00000002)
                        let sum := add(z, shl(1, t0))
                        let y := shl(128, middle)
                        let lo := add(sum, y)
                        let hi := add(add(add(add(add(shl(1, add(and(t1, 0xffffffffffffffffffffffffffffffff), d4)), mul(d5, 0x1fffffffffffffffe00000002)), shr(128, middle)), lt(sum, z)), lt(lo, y)), shr(255, t0))
                        {
                            let back := mul(shr(128, hi), 0x100000000ffffffffffffffff00000001)
                            let l := add(lo, back)
                            let h := and(hi, 0xffffffffffffffffffffffffffffffff)
                            if lt(l, back) {
                                h := add(h, 1)
                                if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                            }
                            mstore(0x480, h) mstore(0x4a0, l)
                        }
                    }
                    // x = c² − 8d
                    {
                        let al := mload(0x560) let ah := mload(0x540)
                        let t0 := mul(al, al)
                        let folded := mulmod(al, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let twice := shl(1, ah)
                        let mixed := mul(twice, al)
                        let mixedFolded := mulmod(twice, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                        let t2 := add(add(mul(ah, ah), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                        let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                        let d5 := shr(128, t2)
                        let s := add(d5, shr(128, t1))
                        let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                        let z := mul(s, 0xffffffffffffffff00000001)
                        let sum := add(z, t0)
                        let y := shl(128, middle)
                        let lo := add(sum, y)
                        let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                        let lo0 := sub(lo, 0x100000000ffffffffffffffff000000010)
                        let lo1 := sub(lo0, shl(3, mload(0x5a0)))
                        let hi1 := sub(sub(add(hi, 0x1000000000000000000000000000000000), or(shl(3, mload(0x580)), shr(253, mload(0x5a0)))), add(gt(lo0, lo), gt(lo1, lo0)))
                        {
                            let back := mul(shr(128, hi1), 0x100000000ffffffffffffffff00000001)
                            let l := add(lo1, back)
                            let h := and(hi1, 0xffffffffffffffffffffffffffffffff)
                            if lt(l, back) {
                                h := add(h, 1)
                                if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                            }
                            mstore(0x400, h) mstore(0x420, l)
                        }
                    }
                    // y = c·(4d − x) − 8b²
                    {
                        let lo := shl(2, mload(0x5a0))
                        let hi := or(shl(2, mload(0x580)), shr(254, mload(0x5a0)))
                        let lo0 := sub(lo, 0x200000001fffffffffffffffe00000002)
                        let lo1 := sub(lo0, mload(0x420))
                        let hi1 := sub(sub(add(hi, 0x200000000000000000000000000000000), mload(0x400)), add(gt(lo0, lo), gt(lo1, lo0)))
                        {
                            let back := mul(shr(128, hi1), 0x100000000ffffffffffffffff00000001)
                            let l := add(lo1, back)
                            let h := and(hi1, 0xffffffffffffffffffffffffffffffff)
                            if lt(l, back) {
                                h := add(h, 1)
                                if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                            }
                            mstore(0x580, h) mstore(0x5a0, l)
                        }
                    }
                    {
                        let al := mload(0x520) let ah := mload(0x500)
                        let t0 := mul(al, al)
                        let folded := mulmod(al, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let twice := shl(1, ah)
                        let mixed := mul(twice, al)
                        let mixedFolded := mulmod(twice, al, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                        let t2 := add(add(mul(ah, ah), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                        let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                        let d5 := shr(128, t2)
                        let s := add(d5, shr(128, t1))
                        let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                        let z := mul(s, 0xffffffffffffffff00000001)
                        let sum := add(z, t0)
                        let y := shl(128, middle)
                        let lo := add(sum, y)
                        let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                        {
                            let back := mul(shr(128, hi), 0x100000000ffffffffffffffff00000001)
                            let l := add(lo, back)
                            let h := and(hi, 0xffffffffffffffffffffffffffffffff)
                            if lt(l, back) {
                                h := add(h, 1)
                                if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                            }
                            mstore(0x500, h) mstore(0x520, l)
                        }
                    }
                    {
                        let al := mload(0x560) let bl := mload(0x5a0) let ah := mload(0x540) let bh := mload(0x580)
                        let t0 := mul(al, bl)
                        let folded := mulmod(al, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let mixed := add(mul(ah, bl), mul(al, bh))
                        let mixedFolded := addmod(mulmod(ah, bl, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), mulmod(al, bh, 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                        let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)
                        let t2 := add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))
                        let d4 := and(t2, 0xffffffffffffffffffffffffffffffff)
                        let d5 := shr(128, t2)
                        let s := add(d5, shr(128, t1))
                        let middle := add(s, mul(d4, 0xffffffffffffffff00000001))
                        let z := mul(s, 0xffffffffffffffff00000001)
                        let sum := add(z, t0)
                        let y := shl(128, middle)
                        let lo := add(sum, y)
                        let hi := add(add(add(add(add(and(t1, 0xffffffffffffffffffffffffffffffff), d4), mul(d5, 0xffffffffffffffff00000001)), shr(128, middle)), lt(sum, z)), lt(lo, y))
                        let lo0 := sub(lo, 0x100000000ffffffffffffffff000000010)
                        let lo1 := sub(lo0, shl(3, mload(0x520)))
                        let hi1 := sub(sub(add(hi, 0x1000000000000000000000000000000000), or(shl(3, mload(0x500)), shr(253, mload(0x520)))), add(gt(lo0, lo), gt(lo1, lo0)))
                        {
                            let back := mul(shr(128, hi1), 0x100000000ffffffffffffffff00000001)
                            let l := add(lo1, back)
                            let h := and(hi1, 0xffffffffffffffffffffffffffffffff)
                            if lt(l, back) {
                                h := add(h, 1)
                                if shr(128, h) { h := 0 l := add(l, 0x100000000ffffffffffffffff00000001) }
                            }
                            mstore(0x440, h) mstore(0x460, l)
                        }
                    }
                }
            }
            function check(points) -> yes {
                mstore(0x700, 96) mstore(0x720, 1) mstore(0x740, 48)
                mstore8(0x7c0, 1) mstore(0x7c1, shl(128, 0xffffffffffffffffffffffffffffffff)) mstore(0x7d1, 0xffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973)
                mstore(0x6c0, 0) mstore(0x6e0, 1)
                if shr(2, byte(0, mload(0x930))) { leave }
                if iszero(isScalar(shr(128, mload(0x870)), mload(0x880))) { leave }
                if iszero(isScalar(shr(128, mload(0x8a0)), mload(0x8b0))) { leave }
                if iszero(isBelowFieldOrder(shr(128, mload(0x8d0)), mload(0x8e0))) { leave }
                if iszero(isBelowFieldOrder(shr(128, mload(0x900)), mload(0x910))) { leave }
                if iszero(isBelowFieldOrder(shr(128, mload(0x991)), mload(0x9a1))) { leave }
                if iszero(scalarsAreRight()) { leave }
                {
                    let h, l := nonceX()
                    if iszero(isBelowFieldOrder(h, l)) { leave }
                    mstore(0x400, h) mstore(0x420, l)
                    mstore(0x440, shr(128, mload(0x991))) mstore(0x460, mload(0x9a1))
                }
                if iszero(isOnCurve()) { leave }
                if iszero(fillTable(0xce0, 0x9c1)) { leave }
                mstore(0x400, shr(128, mload(0x8d0))) mstore(0x420, mload(0x8e0))
                mstore(0x440, shr(128, mload(0x900))) mstore(0x460, mload(0x910))
                if iszero(isOnCurve()) { leave }
                if iszero(fillTable(0xfe0, 0xb41)) { leave }
                extcodecopy(points, 0x12e0, 1, 18432)
                yes := sumIsZero()
            }
            if iszero(gt(mload(0x40), 0x400)) {
                calldatacopy(0x840, digest.offset, 48)
                calldatacopy(0x870, signature.offset, 96)
                calldatacopy(0x8d0, key.offset, 96)
                calldatacopy(0x930, hints.offset, 913)
                isValid := check(table)
            }
        }
    }
}
