import { InvalidArgumentError } from "commander";
import { isAddress, isHexString, parseEther } from "ethers";

/** OPG as a decimal number; gives wei. */
export function opgAmount(text: string): bigint {
  if (!/^\d+(\.\d{1,18})?$/.test(text)) {
    throw new InvalidArgumentError("Give OPG as a decimal number with at most 18 places.");
  }
  return parseEther(text);
}

export function address(text: string): string {
  if (!isAddress(text)) throw new InvalidArgumentError("Give an address: 0x and 40 hex digits.");
  return text;
}

/** 32 bytes as hex digits, such as a model's id. */
export function bytes32(text: string): string {
  if (!isHexString(text, 32)) throw new InvalidArgumentError("Give 0x and 64 hex digits.");
  return text;
}

/** A whole number between two limits, both included. */
export function integerBetween(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`Give a whole number from ${minimum} to ${maximum}.`);
  };
}

/** `name=size`, added to those given before. */
export function dimension(
  text: string,
  previous: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const [, name, size] = /^([^=]+)=([1-9]\d{0,8})$/.exec(text) ?? [];
  if (name === undefined)
    throw new InvalidArgumentError("Give a name and a size below 10^9: batch_size=1.");
  return { ...previous, [name]: Number(size) };
}

/** Where something is to be written. */
export function folderName(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("Give the name of a folder.");
  return text;
}
