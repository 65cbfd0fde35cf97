import { id } from "ethers";
import { LANGUAGE_MODEL_SHAPE, languageModelId } from "../../sdk/language-model.ts";
import { TIERS, tierSet } from "../../sdk/tiers.ts";
import type { Chain } from "../fixtures/network.ts";
import { opg, type Fixture } from "../fixtures/protocol.ts";
import type { GasBook } from "./gas-book.ts";

/** Books what it costs a contract to write a question to a language model and to ask it, whole fee in the escrow. */
export async function bookChat({ ethers }: Chain, fixture: Fixture, book: GasBook): Promise<void> {
  const { feeEscrow, inferenceMarket: market, modelRegistry, payer, publisher } = fixture;
  const contentHash = id("a language model");
  await modelRegistry.connect(publisher).register({
    ...LANGUAGE_MODEL_SHAPE,
    contentHash,
    uri: "",
    inferences: 0,
    tiers: tierSet("Signed"),
    computeUnits: 1,
    royalty: 0,
  });
  const model = languageModelId(publisher.address, contentHash);
  const reader = await ethers.deployContract("TrendReader", [market, model, TIERS.Signed]);
  await feeEscrow.connect(payer).deposit(reader, opg(100));
  const ask = () => reader.connect(payer).ask(80, 99, opg(5), opg(20));
  // So that the slots that every question writes were written before.
  await ask();
  await book.book("ask a language model from a contract", ask());
}
