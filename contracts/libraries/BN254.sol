// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Points of BN254
/// @dev Coordinates are as EIP-196 and EIP-197 write them.
library BN254 {
    /// @dev Order of the base field: every coordinate is below it.
    uint256 internal constant BASE_ORDER =
        21888242871839275222246405745257275088696311157297823662689037894645226208583;

    /// @dev b of the curve y² = x³ + b.
    uint256 private constant B = 3;

    /// @dev b of the twist, 3 / (9 + i), real and imaginary part.
    uint256 private constant TWIST_B_REAL =
        19485874751759354771024239261021720505790618469301721065564631296452457478373;
    uint256 private constant TWIST_B_IMAGINARY =
        266929791119991161246907387137283842545076965332900288569378510910307636690;

    /// @dev Whether (x, y) is a finite point of the curve with canonical coordinates. All of them are in G1.
    function isG1(uint256 x, uint256 y) internal pure returns (bool) {
        if (x >= BASE_ORDER || y >= BASE_ORDER) return false;
        return _square(y) == addmod(mulmod(_square(x), x, BASE_ORDER), B, BASE_ORDER);
    }

    /// @dev Whether (x, y) is a finite point of the twist with canonical coordinates. Whether it is in G2, the subgroup that
    /// pairings are defined on, is left to the pairing precompile, which refuses any other point.
    function isOnTwist(
        uint256 xImaginary,
        uint256 xReal,
        uint256 yImaginary,
        uint256 yReal
    ) internal pure returns (bool) {
        if (xImaginary >= BASE_ORDER || xReal >= BASE_ORDER) return false;
        if (yImaginary >= BASE_ORDER || yReal >= BASE_ORDER) return false;
        (uint256 squareReal, uint256 squareImaginary) = _multiply(xReal, xImaginary, xReal, xImaginary);
        (uint256 cubeReal, uint256 cubeImaginary) = _multiply(squareReal, squareImaginary, xReal, xImaginary);
        (uint256 leftReal, uint256 leftImaginary) = _multiply(yReal, yImaginary, yReal, yImaginary);
        return
            leftReal == addmod(cubeReal, TWIST_B_REAL, BASE_ORDER) &&
            leftImaginary == addmod(cubeImaginary, TWIST_B_IMAGINARY, BASE_ORDER);
    }

    function _square(uint256 value) private pure returns (uint256) {
        return mulmod(value, value, BASE_ORDER);
    }

    /// @dev (a + bi)(c + di) = (ac - bd) + (ad + bc)i
    function _multiply(
        uint256 a,
        uint256 b,
        uint256 c,
        uint256 d
    ) private pure returns (uint256 real, uint256 imaginary) {
        uint256 negatedBd = BASE_ORDER - mulmod(b, d, BASE_ORDER);
        real = addmod(mulmod(a, c, BASE_ORDER), negatedBd, BASE_ORDER);
        imaginary = addmod(mulmod(a, d, BASE_ORDER), mulmod(b, c, BASE_ORDER), BASE_ORDER);
    }
}
