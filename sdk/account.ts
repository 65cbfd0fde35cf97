import { readFile } from "node:fs/promises";
import { isHexString, isKeystoreJson, Wallet } from "ethers";
import { OpenGradientError } from "./errors.ts";

/**
 * Reads an account's key file: an encrypted JSON key store (Web3 Secret Storage), or a private key in hex.
 *
 * @param password of the key store; a plain key needs none.
 * @throws OpenGradientError `KEY_FILE_MISSING` or `KEY_FILE_INVALID`.
 */
export async function readAccount(file: string, password?: string): Promise<Wallet> {
  const text = (await readKeyFile(file)).trim();
  if (isKeystoreJson(text)) return decrypt(file, text, password);
  const key = text.startsWith("0x") ? text : `0x${text}`;
  if (isHexString(key, 32)) {
    try {
      return new Wallet(key);
    } catch (cause) {
      throw invalid(file, "holds no possible private key", cause);
    }
  }
  throw invalid(file, "is neither a JSON key store nor a private key in hex");
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new OpenGradientError(
      "KEY_FILE_MISSING",
      `The key file "${file}" is missing or cannot be read.`,
      "Name a file that holds the account's key.",
      { cause },
    );
  }
}

async function decrypt(file: string, keystore: string, password?: string): Promise<Wallet> {
  if (password === undefined) {
    throw invalid(file, "is encrypted, and there is no password for it");
  }
  try {
    const { privateKey } = await Wallet.fromEncryptedJson(keystore, password);
    return new Wallet(privateKey);
  } catch (cause) {
    throw invalid(file, "cannot be decrypted with this password", cause);
  }
}

function invalid(file: string, what: string, cause?: unknown): OpenGradientError {
  return new OpenGradientError(
    "KEY_FILE_INVALID",
    `The key file "${file}" ${what}.`,
    "Use a JSON key store with its password in OPG_KEY_PASSWORD, or a file with the private key in hex.",
    { cause },
  );
}
