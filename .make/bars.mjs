// Passes on what the benchmarks print, and ends with the figures that missed their bar: a line reads
// `name: 12 (wanted: at most 16)`. It fails when there are any.
import { createInterface } from "node:readline";

const FIGURE = /(\w+): ([\d.]+) \(wanted: (at most|at least) ([\d.]+)\)/;

const missed = [];
let held = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const [, name, value, side, bar] = FIGURE.exec(line) ?? [];
  if (!name) {
    console.log(line);
    continue;
  }
  const holds = side === "at most" ? Number(value) <= Number(bar) : Number(value) >= Number(bar);
  console.log(holds ? line : `${line} MISSED`);
  if (holds) held += 1;
  else missed.push(line.trim());
}

console.log(`==> bench: ${held} of ${held + missed.length} bars held`);
for (const line of missed) console.error(`error: missed: ${line}`);
process.exit(missed.length > 0 || held === 0 ? 1 : 0);
