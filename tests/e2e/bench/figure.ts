// Figures as they are told: `name: value`, one on a line, with the bar that is wanted.
import { type CDPSession } from "@playwright/test";

export function tell(name: string, value: number, wanted: string): void {
  const figure = Number.isInteger(value) || value >= 100 ? value.toFixed(0) : value.toPrecision(2);
  console.log(`${name}: ${figure} (wanted: ${wanted})`);
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
