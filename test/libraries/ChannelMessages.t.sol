// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChannelMessages} from "../../contracts/libraries/ChannelMessages.sol";
import {ChannelId, ChannelIds} from "../../contracts/types/ChannelId.sol";
import {ChannelFixture} from "../fixtures/ChannelFixture.sol";

/// @title The hashes that the SDK must come to as well
/// @dev The same vectors as in `test/escrow/PaymentChannels.test.ts`.
contract ChannelMessagesTest is ChannelFixture {
    address private constant PAYER = 0x1111111111111111111111111111111111111111;
    address private constant NODE = 0x2222222222222222222222222222222222222222;
    address private constant ESCROW = 0x3333333333333333333333333333333333333333;
    address private constant METER = 0x5555555555555555555555555555555555555555;

    function test_hashes_AreTheVectors() public pure {
        ChannelId id = ChannelIds.channelIdOf(PAYER, NODE, 3);
        assertEq(ChannelId.unwrap(id), 0xf34117f774e75a9fc4df397c2a9867c9f118df8422ecf2a83293fe208191f701, "id");
        assertEq(
            digestFor(8453, ESCROW, ChannelMessages.voucher(id, 5)),
            0x40bd979c1c7753c0e4549fb56611827f2135e0c231ac2b256532e30aee62ca45,
            "voucher"
        );
        assertEq(
            digestFor(8453, ESCROW, ChannelMessages.meteringCap(id, METER, 6)),
            0x6a26000e14ffc35ef4e7d104f096953050b97975be857d9a538321393ba7a5fd,
            "cap"
        );
        assertEq(
            digestFor(8453, ESCROW, ChannelMessages.usage(id, 7, 8)),
            0x022b04b05fae94fa7db115bc0345645d7a4f98985a4173a8753b5d5e0935d9f8,
            "usage"
        );
        assertEq(
            digestFor(8453, ESCROW, ChannelMessages.cooperativeClose(id, 5)),
            0xcef8035dad2e295502477c624e5d9d2f34f874b45034af2a42ddb99d9e244299,
            "close"
        );
        assertEq(
            ChannelMessages.authorizationNonce(id, bytes32(uint256(9))),
            0xf39a34c0299f3ee447a20773f51d38346feb104bb2f117911ef7b2c62e3a9839,
            "nonce"
        );
    }
}
