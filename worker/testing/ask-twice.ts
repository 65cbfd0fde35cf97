import { id } from "ethers";
import { orderOf } from "./direct-orders.ts";
import type { DirectAnswer } from "../receipts/direct-answer.ts";
import type { DirectServices } from "../receipts/open-direct.ts";

/** Some input of the small tensor model. */
const INPUT = Uint8Array.from({ length: 12 }, (_, i) => i);

/** Asks two questions, always the same, each charged in a table of its own; tells of each step. */
export async function askTwice(
  { desk, database }: Pick<DirectServices, "desk" | "database">,
  at: (moment: "charging" | "answered") => void = () => undefined,
): Promise<readonly DirectAnswer[]> {
  await database.exec("CREATE TABLE IF NOT EXISTS test_charges (request_id text)");
  const offer = desk.offers.find(({ tier }) => tier === "Signed");
  if (offer === undefined) throw new Error("nothing is offered in the Signed tier");
  const answers: DirectAnswer[] = [];
  for (const nonce of ["first", "second"]) {
    const answer = await desk.answer(offer, orderOf(offer, { input: INPUT, nonce: id(nonce) }), {
      alongside: async (within, { receipt }) => {
        await within.query("INSERT INTO test_charges VALUES ($1)", [receipt.requestId]);
        at("charging");
      },
    });
    answers.push(answer);
    at("answered");
  }
  return answers;
}
