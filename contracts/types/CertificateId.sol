// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Identifier of a certificate in its chain: the hash of its parent's identifier and of what the parent signed, the
/// TBSCertificate. The root's is the hash of the whole certificate. So it names everything above it as well: the same
/// certificate under another parent is another.
type CertificateId is bytes32;

using {equals as ==} for CertificateId global;

function equals(CertificateId a, CertificateId b) pure returns (bool) {
    return CertificateId.unwrap(a) == CertificateId.unwrap(b);
}

library CertificateIds {
    function certificateIdOf(CertificateId parent, bytes32 tbsHash) internal pure returns (CertificateId) {
        return CertificateId.wrap(keccak256(abi.encode(parent, tbsHash)));
    }
}
