import { X509Certificate } from "node:crypto";
import { OpenGradientError } from "../../sdk/errors.ts";
import { readInputFile } from "../files.ts";

/**
 * Reads a root certificate, DER or PEM; gives DER.
 *
 * @throws ZkmlError `FILE_MISSING`, or OpenGradientError `CERTIFICATE_INVALID`.
 */
export async function readRoot(file: string): Promise<Uint8Array> {
  const content = await readInputFile(file);
  try {
    return new Uint8Array(new X509Certificate(content).raw);
  } catch (cause) {
    throw new OpenGradientError(
      "CERTIFICATE_INVALID",
      `"${file}" is no X.509 certificate.`,
      "Name the root's certificate, DER or PEM.",
      { cause },
    );
  }
}
