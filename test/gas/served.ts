import { REQUEST_STATUS } from "../../sdk/request-status.ts";
import type { OpenRequest } from "../fixtures/models.ts";
import type { Fixture } from "../fixtures/protocol.ts";

/** What is booked must have been paid. */
export async function expectAllServed(
  { inferenceMarket: market }: Fixture,
  items: readonly Pick<OpenRequest, "requestId">[],
): Promise<void> {
  for (const { requestId } of items) {
    const { status } = await market.stateOf(requestId);
    if (status !== REQUEST_STATUS.Fulfilled) throw new Error(`${requestId} was not served`);
  }
}
