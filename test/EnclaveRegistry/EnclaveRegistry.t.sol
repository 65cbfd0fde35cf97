// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {EnclaveRegistry, EnclaveVerifiers} from "../../contracts/EnclaveRegistry.sol";
import {Enclave, EnclaveBinding} from "../../contracts/interfaces/IEnclaveRegistry.sol";
import {MeasurementApproval} from "../../contracts/interfaces/IMeasurementPolicy.sol";
import {NitroDocument, INitroVerifier} from "../../contracts/interfaces/INitroVerifier.sol";
import {INodeRegistry} from "../../contracts/interfaces/INodeRegistry.sol";
import {ITdxVerifier} from "../../contracts/interfaces/ITdxVerifier.sol";
import {ScriptedNitroVerifier} from "../../contracts/mocks/ScriptedNitroVerifier.sol";
import {MeasurementId, MeasurementKind} from "../../contracts/types/MeasurementId.sol";
import {ModelId} from "../../contracts/types/ModelId.sol";
import {Test} from "../fixtures/Test.sol";

/// @title The registry against a model of it, and through any sequence of what can happen to keys and code
contract EnclaveRegistryTest is Test {
    uint256 private constant KEYS = 3;
    uint256 private constant CODES = 2;
    uint40 private constant LIFETIME = 1 days;
    uint40 private constant START = 1_800_000_000;
    MeasurementKind private constant KIND = MeasurementKind.NitroSim;
    ModelId private constant MODEL = ModelId.wrap(keccak256("model"));

    /// @dev What should be known, kept in the plainest way.
    struct KeyModel {
        bool attested;
        bool revoked;
        uint256 code;
        uint256 from;
        uint256 until;
    }

    struct CodeModel {
        uint256 from;
        uint256 until;
    }

    EnclaveRegistry private registry;
    ScriptedNitroVerifier private nitro;
    KeyModel[KEYS] private keys;
    CodeModel[CODES] private codes;
    uint256 private documents;

    function setUp() public {
        vm.warp(START);
        vm.roll(1_000);
        vm.setBlockhash(999, keccak256("block"));
        AccessManager manager = new AccessManager(address(this));
        nitro = new ScriptedNitroVerifier();
        EnclaveVerifiers memory verifiers = EnclaveVerifiers({
            nitro: INitroVerifier(address(0)),
            tdx: ITdxVerifier(address(0)),
            nitroSim: nitro,
            tdxSim: ITdxVerifier(address(0))
        });
        address implementation = address(new EnclaveRegistry(INodeRegistry(address(0)), verifiers));
        bytes memory initialize = abi.encodeCall(EnclaveRegistry.initialize, (address(manager), LIFETIME));
        registry = EnclaveRegistry(address(new ERC1967Proxy(implementation, initialize)));
        for (uint256 i = 0; i < CODES; ++i) {
            registry.approveMeasurement(
                MeasurementApproval({
                    kind: KIND,
                    registers: registersOf(i),
                    sourceCommit: 0,
                    imageDigest: 0,
                    from: 0,
                    until: 0,
                    anyModel: true
                })
            );
            codes[i] = CodeModel({from: START, until: type(uint40).max});
        }
    }

    /// @dev Each seed is something that happens. The contract agrees with the model after each: on what succeeds, and on
    /// which times count.
    function testFuzz_registry_DoesAsTheModel_WhateverHappens(uint256[16] memory seeds) public {
        for (uint256 i = 0; i < seeds.length; ++i) {
            KeyModel[KEYS] memory before = keys;
            step(seeds[i]);
            for (uint256 k = 0; k < KEYS; ++k) {
                assertNothingComesBack(before[k], keys[k]);
                assertAgrees(k, uint256(keccak256(abi.encode(seeds[i], k))));
            }
        }
    }

    function step(uint256 seed) private {
        vm.warp(block.timestamp + ((seed >> 8) % (LIFETIME / 2)));
        uint256 k = (seed >> 64) % KEYS;
        uint256 c = (seed >> 80) % CODES;
        uint256 action = seed % 8;
        if (action < 2) attest(k, c);
        else if (action < 5) renew(k, c);
        else if (action == 5) retire(k);
        else if (action == 6) revoke(k, seed >> 128);
        else endCode(c, seed >> 128);
    }

    function attest(uint256 k, uint256 c) private {
        (EnclaveBinding memory binding, bytes memory document) = documentFor(k, c);
        bool wanted = !keys[k].attested && isTrusted(c, block.timestamp);
        try registry.attestNitro(KIND, binding, document, new bytes[](0)) returns (address key) {
            assertTrue(wanted, "attested what the model does not");
            assertEq(key, addressOf(k), "key");
            keys[k] = KeyModel(true, false, c, block.timestamp, block.timestamp + LIFETIME);
        } catch {
            assertFalse(wanted, "did not attest what the model does");
        }
    }

    function renew(uint256 k, uint256 c) private {
        (EnclaveBinding memory binding, bytes memory document) = documentFor(k, c);
        KeyModel memory key = keys[k];
        bool wanted = key.attested && !key.revoked && block.timestamp < key.until;
        wanted = wanted && key.code == c && isTrusted(c, block.timestamp);
        try registry.renewNitro(KIND, binding, document, new bytes[](0)) {
            assertTrue(wanted, "renewed what the model does not");
            keys[k].until = block.timestamp + LIFETIME;
        } catch {
            assertFalse(wanted, "did not renew what the model does");
        }
    }

    function retire(uint256 k) private {
        KeyModel memory key = keys[k];
        bool wanted = key.attested && !key.revoked && block.timestamp < key.until;
        try registry.retire(addressOf(k)) {
            assertTrue(wanted, "retired what the model does not");
            keys[k].until = block.timestamp;
        } catch {
            assertFalse(wanted, "did not retire what the model does");
        }
    }

    /// @dev Seldom, or there would be nothing left to look at.
    function revoke(uint256 k, uint256 seed) private {
        if (seed % 4 != 0) return;
        bool wanted = keys[k].attested && !keys[k].revoked;
        try registry.revoke(addressOf(k)) {
            assertTrue(wanted, "revoked what the model does not");
            keys[k].revoked = true;
        } catch {
            assertFalse(wanted, "did not revoke what the model does");
        }
    }

    /// @dev The same.
    function endCode(uint256 c, uint256 seed) private {
        MeasurementId id = registry.measurementIdOf(KIND, registersOf(c));
        uint256 until = codes[c].until;
        uint40 moment = uint40(
            seed % 2 == 0 ? block.timestamp + ((seed >> 8) % LIFETIME) : block.timestamp - ((seed >> 8) % 3600)
        );
        if (seed % 2 == 0) {
            try registry.sunsetMeasurement(id, moment) {
                assertLe(moment, until, "sunset later than before");
                codes[c].until = moment;
            } catch {
                assertTrue(moment > until, "did not sunset");
            }
        } else if (seed % 8 == 1) {
            try registry.revokeMeasurement(id, moment) {
                if (moment < until) codes[c].until = moment;
            } catch {
                assertTrue(moment >= until, "did not revoke");
            }
        }
    }

    // WHAT MUST HOLD

    /// @dev A key's time is one interval. Its beginning never moves; its end moves on only while it counts.
    function assertNothingComesBack(KeyModel memory before, KeyModel memory afterwards) private view {
        if (!before.attested) return;
        assertEq(afterwards.from, before.from, "its beginning moved");
        bool isOver = before.revoked || before.until <= block.timestamp;
        if (isOver) assertLe(afterwards.until, before.until, "it came back");
        assertTrue(afterwards.revoked || !before.revoked, "its revocation was taken back");
    }

    function assertAgrees(uint256 k, uint256 seed) private view {
        KeyModel memory key = keys[k];
        uint256[6] memory moments = [
            key.from,
            key.until == 0 ? 0 : key.until - 1,
            key.until,
            codes[key.code].until,
            block.timestamp,
            START + (seed % (20 * uint256(LIFETIME)))
        ];
        for (uint256 i = 0; i < moments.length; ++i) {
            uint256 moment = moments[i];
            bool wanted = key.attested && !key.revoked && key.from <= moment && moment < key.until;
            wanted = wanted && isTrusted(key.code, moment);
            assertTrue(registry.isAttestedAt(addressOf(k), uint64(moment)) == wanted, "isAttestedAt");
            assertTrue(isAccepted(k, address(this), uint64(moment)) == wanted, "requireAttested");
            assertFalse(isAccepted(k, address(1), uint64(moment)), "another operator's");
        }
        Enclave memory found = registry.enclave(addressOf(k));
        assertTrue((found.operator != address(0)) == key.attested, "a key without a document");
        assertTrue(found.revoked == key.revoked, "revoked");
    }

    function isAccepted(uint256 k, address operator, uint64 moment) private view returns (bool) {
        try registry.requireAttested(addressOf(k), operator, MODEL, moment) {
            return true;
        } catch {
            return false;
        }
    }

    function isTrusted(uint256 c, uint256 moment) private view returns (bool) {
        return codes[c].from <= moment && moment < codes[c].until;
    }

    // DOCUMENTS

    /// @dev One that is in order, and was never brought before.
    function documentFor(uint256 k, uint256 c) private returns (EnclaveBinding memory binding, bytes memory document) {
        binding = EnclaveBinding({operator: address(this), tlsKeyHash: 0, blockNumber: 999});
        bytes32 userData = registry.bindingHash(address(this), 0);
        document = abi.encode(++documents);
        nitro.script(
            document,
            NitroDocument({
                payloadHash: keccak256(document),
                timestamp: uint64(block.timestamp),
                pcrs: registersOf(c),
                publicKey: publicKeyOf(k),
                userData: abi.encode(userData),
                nonce: abi.encode(registry.nonceOf(keccak256("block"), userData))
            })
        );
    }

    function registersOf(uint256 c) private pure returns (bytes memory registers) {
        registers = new bytes(144);
        for (uint256 i = 0; i < 144; ++i) registers[i] = bytes1(uint8(c + 1));
    }

    /// @dev The registry does not look at the curve, nor does anything else here.
    function publicKeyOf(uint256 k) private pure returns (bytes memory) {
        return abi.encode(keccak256(abi.encode("x", k)), keccak256(abi.encode("y", k)));
    }

    function addressOf(uint256 k) private pure returns (address) {
        return address(uint160(uint256(keccak256(publicKeyOf(k)))));
    }
}
