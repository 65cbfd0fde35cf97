// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {INitroVerifier, NitroDocument} from "../interfaces/INitroVerifier.sol";

/// @title ScriptedNitroVerifier
/// @notice For tests: says of a document what somebody told it, whatever the bytes are. What real documents say is up to the
/// hardware; this one says what the hardware would never.
contract ScriptedNitroVerifier is INitroVerifier {
    mapping(bytes32 hash => NitroDocument found) private _documents;

    error ScriptedNitroVerifierUnknown(bytes32 hash);

    function script(bytes calldata document, NitroDocument calldata found) external {
        _documents[keccak256(document)] = found;
    }

    /// @inheritdoc INitroVerifier
    function verify(bytes calldata document, bytes[] calldata) external view returns (NitroDocument memory found) {
        found = _documents[keccak256(document)];
        require(found.payloadHash != 0, ScriptedNitroVerifierUnknown(keccak256(document)));
    }
}
