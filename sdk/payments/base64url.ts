/** Text as base64url, as headers carry it. */
export function base64UrlText(text: string): string {
  return Buffer.from(text, "utf8").toString("base64url");
}

/** @throws SyntaxError for what is no base64url. */
export function fromBase64Url(encoded: string): string {
  if (!/^[\w-]*$/.test(encoded)) throw new SyntaxError("This is not base64url.");
  return Buffer.from(encoded, "base64url").toString("utf8");
}
