// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title HostileWallet
/// @notice For tests: an account that is a contract with one owner. It checks signatures, or misbehaves in one chosen
/// way.
contract HostileWallet is IERC1271 {
    enum Behaviour {
        CheckSignature,
        AcceptAll,
        Refuse,
        Revert,
        BurnGas,
        ReturnBomb,
        RevertBomb,
        ReturnTooLittle,
        Reenter
    }

    address public immutable OWNER;

    Behaviour public behaviour;

    /// @notice What `Reenter` calls, and with which data.
    address public callee;
    bytes public payload;

    error HostileWalletRefused(string reason);

    constructor(address owner) {
        OWNER = owner;
    }

    function behave(Behaviour behaviour_, address callee_, bytes calldata payload_) external {
        (behaviour, callee, payload) = (behaviour_, callee_, payload_);
    }

    /// @notice Anything that an account can do.
    function execute(address target, bytes calldata data) external returns (bytes memory) {
        require(msg.sender == OWNER, HostileWalletRefused("not the owner"));
        return Address.functionCall(target, data);
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        Behaviour chosen = behaviour;
        if (chosen == Behaviour.Revert) revert HostileWalletRefused("no");
        if (chosen == Behaviour.BurnGas) {
            for (uint256 i = 0; ; ++i) {}
        }
        if (chosen >= Behaviour.ReturnBomb && chosen <= Behaviour.ReturnTooLittle) _answerBadly(chosen);
        if (chosen == Behaviour.Reenter) {
            // A static call: whatever the callee writes makes it fail, and this with it.
            Address.functionStaticCall(callee, payload);
        }
        if (chosen == Behaviour.AcceptAll) return IERC1271.isValidSignature.selector;
        if (chosen == Behaviour.Refuse) return 0xffffffff;
        (address signer, , ) = ECDSA.tryRecover(digest, signature);
        return signer == OWNER ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    /// @dev Returns, or reverts with, 100,000 bytes that start with the right answer; or returns only four of them.
    function _answerBadly(Behaviour chosen) private pure {
        bytes32 answer = bytes32(IERC1271.isValidSignature.selector);
        bool reverts = chosen == Behaviour.RevertBomb;
        uint256 size = chosen == Behaviour.ReturnTooLittle ? 4 : 100_000;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, answer)
            if reverts {
                revert(m, size)
            }
            return(m, size)
        }
    }
}
