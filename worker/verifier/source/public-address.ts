import { BlockList, isIP } from "node:net";

/*
 * Endpoints are chosen by operators whom nobody knows: none may make a verifier's machine talk to its own network.
 */
const OUR_NETWORKS = [
  ["0.0.0.0", 8, "ipv4"], // this host
  ["10.0.0.0", 8, "ipv4"], // private
  ["100.64.0.0", 10, "ipv4"], // carriers' own
  ["127.0.0.0", 8, "ipv4"], // loopback
  ["169.254.0.0", 16, "ipv4"], // link, and clouds' metadata
  ["172.16.0.0", 12, "ipv4"], // private
  ["192.0.0.0", 24, "ipv4"], // protocols
  ["192.168.0.0", 16, "ipv4"], // private
  ["198.18.0.0", 15, "ipv4"], // benchmarks
  ["224.0.0.0", 3, "ipv4"], // multicast, reserved, broadcast
  ["::", 96, "ipv6"], // unspecified, loopback, IPv4 in disguise
  ["::ffff:0:0", 96, "ipv6"], // IPv4 in disguise
  ["64:ff9b::", 32, "ipv6"], // the same behind a translator
  ["2002::", 16, "ipv6"], // the same in a tunnel
  ["2001::", 32, "ipv6"], // the same in another
  ["fc00::", 7, "ipv6"], // private
  ["fe80::", 10, "ipv6"], // link
  ["ff00::", 8, "ipv6"], // multicast
] as const;

/** One list for each: a list of both takes every IPv4 address for the IPv6 one that it can be disguised as. */
const OURS = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [network, prefix, family] of OUR_NETWORKS)
  OURS[family].addSubnet(network, prefix, family);

/** Whether an address is one that everybody reaches alike; not so names, and those of machines and networks nearby. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  const family = version === 4 ? "ipv4" : "ipv6";
  return !OURS[family].check(address, family);
}
