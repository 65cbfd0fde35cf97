import { expect } from "chai";
import { p384Hints } from "../../sdk/p384-hints.ts";
import { p384Table } from "../../sdk/p384-table.ts";
import type { Chain } from "../fixtures/network.ts";
import { signedStatement } from "../verifiers/nitro/p384-vectors.ts";
import type { GasBook } from "./gas-book.ts";

/** Books what it costs to check a signature, and to hash a block of 128 bytes. */
export async function bookP384({ ethers }: Chain, book: GasBook): Promise<void> {
  const [sender] = await ethers.getSigners();
  if (sender === undefined) throw new Error("the chain has no accounts");
  const verifier = await ethers.deployContract("P384Verifier", [p384Table()]);
  const statement = signedStatement(0);
  const { digest, signature, key } = statement;
  const hints = p384Hints(statement);
  // What is booked must be a check that holds.
  expect(await verifier.verify(digest, signature, key, hints)).to.equal(true);
  const data = verifier.interface.encodeFunctionData("verify", [digest, signature, key, hints]);
  const values = [digest, signature, key, hints];
  await book.book("P-384 verification", sender.sendTransaction({ to: verifier, data }), values);
}
