// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {Governed} from "./Governed.sol";

/// @title A stop for what comes in, never for what goes out
/// @dev A pause keeps new money and new obligations out of a contract in which a fault was found. Whoever is in already can
/// always leave: no function that serves, settles, refunds, pays out or unstakes may look at the flag.
///
/// Stopping must be quick and can do little harm, starting again must be thought over: `pause` belongs to the guardian's
/// role, which acts at once, and `unpause` to governance, which waits for its delay. That is decided where the roles are
/// given out, in the deployment.
abstract contract Pausing is Governed, PausableUpgradeable {
    /// @dev For entries through which other contracts hand on what they owe: open to anyone until there is a pause, and then
    /// to those whom the access manager lets call the function.
    modifier restrictedWhilePaused() {
        if (paused()) _checkCanCall(_msgSender(), _msgData());
        _;
    }

    /// @notice Stops what comes in. The guardian only.
    function pause() external restricted {
        _pause();
    }

    /// @notice Lets it come in again. Governance only.
    function unpause() external restricted {
        _unpause();
    }
}
