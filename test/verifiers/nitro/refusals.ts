import { expect } from "chai";
import { makeDocument } from "../../fixtures/nitro-documents.ts";
import type { Edits } from "./certificate-edits.ts";
import { hintsOrNone, NOW, type nitroTestbed } from "./nitro-fixture.ts";

/** What is changed of a right chain, and the error that it must end with; its arguments where they are told. */
export type Refusal = readonly [
  name: string,
  edits: Edits,
  error: string,
  args?: readonly unknown[],
];

type Warm = Awaited<ReturnType<typeof nitroTestbed>>["warm"];

/** Tests of documents with changed certificates. */
export function refusalsOf(warm: Warm) {
  async function attempt(edits: Edits) {
    const { verifier, cached } = await warm();
    const document = makeDocument({ now: NOW, edits });
    const call = () => verifier.verify.staticCall(document, hintsOrNone(document, { cached }));
    return { verifier, call };
  }

  async function expectRefused([name, edits, error, args]: Refusal): Promise<void> {
    const { verifier, call } = await attempt(edits);
    const refusal = expect(call(), name).to.be.revertedWithCustomError(verifier, error);
    await (args === undefined ? refusal : refusal.withArgs(...args));
  }

  /** One test for each. */
  function refuses(title: string, refusals: readonly Refusal[]): void {
    for (const refusal of refusals) it(`${title}: ${refusal[0]}`, () => expectRefused(refusal));
  }

  return { attempt, refuses };
}
