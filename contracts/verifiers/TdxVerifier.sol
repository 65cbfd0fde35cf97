// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";
import {IDcapAttestation} from "../interfaces/IDcapAttestation.sol";
import {ITdxVerifier, TdxReport} from "../interfaces/ITdxVerifier.sol";

/// @title TdxVerifier
/// @dev Adapter to Automata's DCAP contract, which checks the quote's signatures and its platform against Intel's collateral.
///
/// OUTPUT
///
///     version 2 ‖ kind 2 or 4 ‖ TCB status 1 ‖ FMSPC 6 ‖ report 584 ‖ abi.encode(advisories), if there are any
///
/// Automata's version 1.1 names the kind of body (2: a report of TDX 1.0), version 1.0 named the kind of hardware (0x81, little
/// endian) in four bytes. Both are taken: neither can be read as the other.
///
/// POLICY
///
/// - The platform is up to date, in Intel's words: all that is known to need an update, another configuration or hardening of
///   the software is refused. Who wants less deploys another verifier, and governance upgrades the registry.
/// - The TD's attributes are exactly SEPT_VE_DISABLE: so it is not debugged, no reserved bit is set, and the host cannot put
///   another page in the place of one that was accepted without the TD's stopping.
///
/// WHAT THIS TRUSTS
///
/// - Automata's contract, and its owner: it can replace what checks quotes, and so attest anything. Who does not want that
///   trusts Nitro measurements only.
/// - Intel, for the platform's keys and for what is up to date.
/// @custom:security-contact security@opengradient.ai
contract TdxVerifier is ITdxVerifier {
    using Address for address payable;
    using Bytes for bytes;

    uint16 private constant QUOTE_VERSION = 4;
    uint16 private constant BODY_TDX_1_0 = 2;
    bytes4 private constant TEE_TDX = 0x81000000;
    uint8 private constant UP_TO_DATE = 0;

    /// @dev Bit 28, little endian, and no other.
    bytes8 private constant ATTRIBUTES = 0x0000001000000000;

    uint256 private constant HEADER_BYTES = 48;
    uint256 private constant REPORT_BYTES = 584;
    uint256 private constant SIGNED_BYTES = HEADER_BYTES + REPORT_BYTES;

    // Where members of the report start, in bytes.
    uint256 private constant TD_ATTRIBUTES = 120;
    uint256 private constant MRTD = 136;
    uint256 private constant MRTD_END = 184;
    uint256 private constant RTMRS = 328;
    uint256 private constant REPORT_DATA = 520;

    /// @notice Automata's contract.
    IDcapAttestation public immutable DCAP_ATTESTATION;

    /// @notice The DCAP contract does not accept the quote.
    error TdxVerifierRefused(bytes reason);

    /// @notice There is no DCAP contract that could be asked.
    error TdxVerifierOff();

    /// @notice The quote is shorter than what its signature covers.
    error TdxVerifierTruncated(uint256 length, uint256 minimum);

    /// @notice The DCAP contract's answer is of a length that it never has.
    error TdxVerifierBadOutput(uint256 length);

    /// @notice Not a quote of version 4 with a report of TDX 1.0.
    error TdxVerifierNotTdx(bytes head);

    /// @notice What was accepted is not what this quote says.
    error TdxVerifierOtherReport(bytes32 hash, bytes32 wanted);

    /// @notice The platform is not up to date; see Automata's `TCBStatus`.
    error TdxVerifierNotUpToDate(uint8 tcbStatus);

    /// @notice The TD is debugged, or may be in a way that is not known.
    error TdxVerifierBadAttributes(bytes8 attributes, bytes8 wanted);

    /// @param dcapAttestation Zero where there is none: then no quote is accepted.
    constructor(IDcapAttestation dcapAttestation) {
        DCAP_ATTESTATION = dcapAttestation;
    }

    /// @notice Takes what the DCAP contract gives back of its fee.
    receive() external payable {}

    /// @inheritdoc ITdxVerifier
    function verify(bytes calldata quote, address payable refundTo) external payable returns (TdxReport memory found) {
        require(address(DCAP_ATTESTATION) != address(0), TdxVerifierOff());
        require(quote.length >= SIGNED_BYTES, TdxVerifierTruncated(quote.length, SIGNED_BYTES));
        bytes memory report = _accepted(quote);
        bytes32 hash = keccak256(quote[HEADER_BYTES:SIGNED_BYTES]);
        require(keccak256(report) == hash, TdxVerifierOtherReport(keccak256(report), hash));
        bytes8 attributes = bytes8(report.slice(TD_ATTRIBUTES, TD_ATTRIBUTES + 8));
        require(attributes == ATTRIBUTES, TdxVerifierBadAttributes(attributes, ATTRIBUTES));

        found.quoteHash = keccak256(quote[:SIGNED_BYTES]);
        found.registers = bytes.concat(report.slice(MRTD, MRTD_END), report.slice(RTMRS, REPORT_DATA));
        found.reportData = report.slice(REPORT_DATA, REPORT_BYTES);
        // Nothing that was sent along stays here. Who sent nothing is not bothered with what others left: it may not take it.
        if (msg.value != 0 && address(this).balance != 0) refundTo.sendValue(address(this).balance);
    }

    /// @dev The report in a quote that the DCAP contract accepts, of a platform that is up to date.
    function _accepted(bytes calldata quote) private returns (bytes memory) {
        (bool success, bytes memory output) = DCAP_ATTESTATION.verifyAndAttestOnChain{value: msg.value}(quote);
        require(success, TdxVerifierRefused(output));
        uint256 statusAt = _statusAt(output);
        uint256 reportAt = statusAt + 7;
        uint256 end = reportAt + REPORT_BYTES;
        // Advisories are whole words.
        require(output.length >= end && (output.length - end) % 32 == 0, TdxVerifierBadOutput(output.length));
        uint8 status = uint8(output[statusAt]);
        require(status == UP_TO_DATE, TdxVerifierNotUpToDate(status));
        return output.slice(reportAt, end);
    }

    /// @dev Where the TCB status stands, which depends on how the kind is written.
    function _statusAt(bytes memory output) private pure returns (uint256) {
        bytes memory head = output.slice(0, 6);
        bytes6 word = bytes6(head);
        if (word == bytes6(bytes.concat(bytes2(QUOTE_VERSION), TEE_TDX))) return 6;
        require(
            bytes4(word) == bytes4(bytes.concat(bytes2(QUOTE_VERSION), bytes2(BODY_TDX_1_0))),
            TdxVerifierNotTdx(head)
        );
        return 4;
    }
}
