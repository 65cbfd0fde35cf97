/** Realised volatility: the root of the sum of squared returns. */
export function rootOfSquares(returns: Iterable<number>): number {
  let sum = 0;
  for (const value of returns) sum += value ** 2;
  return Math.sqrt(sum);
}
