import { InvalidArgumentError } from "commander";
import { isAddress, parseEther } from "ethers";

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

/** A whole number between two limits, both included. */
export function integerBetween(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`Give a whole number from ${minimum} to ${maximum}.`);
  };
}
