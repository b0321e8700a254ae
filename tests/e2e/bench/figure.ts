// Figures as they are told: `name: value`, one on a line, with the bar that is wanted. What follows
// the benchmarks reads the bars, and fails on those that were missed.
import { type CDPSession } from "@playwright/test";

export type Bar = { atMost: number } | { atLeast: number };

/** Prints a figure; one that can't be taken is a fault of its own. */
export function tell(name: string, value: number, bar?: Bar): void {
  if (!Number.isFinite(value)) throw new Error(`${name} has no figure`);
  const wanted = bar === undefined ? "" : "atMost" in bar ? ` (wanted: at most ${bar.atMost})` : ` (wanted: at least ${bar.atLeast})`;
  console.log(`${name}: ${shown(value)}${wanted}`);
}

/** With as many digits as it takes to tell on which side of a bar it is. */
function shown(value: number): string {
  if (Number.isInteger(value)) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 4);
}

/** The value below which a share of all values lies. */
export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Seconds of script that a page has run. */
export async function scriptSeconds(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find((metric) => metric.name === "ScriptDuration")?.value ?? Number.NaN;
}
