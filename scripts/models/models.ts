import { ZkmlError } from "../../zkml/errors.ts";
import { DIGITS } from "./digits/digits.ts";
import type { Model } from "./model.ts";
import { RISK } from "./risk/risk.ts";
import { VOLATILITY } from "./volatility/volatility.ts";

/** All models of `zkml/models`. */
export const MODELS: readonly Model[] = [DIGITS, RISK, VOLATILITY];

/** The model of this name, as somebody typed it. */
export function modelNamed(name: string | undefined): Model {
  const found = MODELS.find((model) => model.name === name);
  if (found !== undefined) return found;
  const names = MODELS.map((model) => model.name).join(", ");
  throw new ZkmlError(
    "INPUT_INVALID",
    `There is no model "${name ?? ""}".`,
    `Name one of these: ${names}.`,
  );
}
