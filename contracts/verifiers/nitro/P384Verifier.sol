// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {IP384Verifier} from "../../interfaces/IP384Verifier.sol";
import {P384} from "./P384.sol";

/// @title P384Verifier
/// @dev Keeps no storage, has no authority: one for all.
/// @custom:security-contact security@opengradient.ai
contract P384Verifier is IP384Verifier {
    /// @dev Account with the multiples of the generator.
    address private immutable TABLE;

    /// @param points The table of {P384}, whose hash is fixed there; `p384Table` of the SDK.
    constructor(bytes memory points) {
        bytes32 hash = keccak256(points);
        require(hash == P384.TABLE_HASH, P384VerifierWrongTable(hash, P384.TABLE_HASH));
        TABLE = SSTORE2.write(points);
    }

    /// @inheritdoc IP384Verifier
    function verify(
        bytes calldata digest,
        bytes calldata signature,
        bytes calldata key,
        bytes calldata hints
    ) external view returns (bool) {
        return P384.verify(digest, signature, key, hints, TABLE);
    }

    /// @inheritdoc IP384Verifier
    function table() external view returns (address) {
        return TABLE;
    }
}
