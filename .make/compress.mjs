// Puts a .br and a .gz beside every text and wasm file of the console's build, and prints what the
// first load takes. With --check it says when that is over the budget, and fails when it has grown.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** What may travel before the console can be used, KB of 1,000 bytes, with Brotli. */
const BUDGET_KB = 285;
/** What `.make/split.mjs` writes for later: fetched when the first page has settled. */
const LATER = /^part-/;
const FIRST_LOAD = new Set([".html", ".css", ".js", ".wasm"]);
const COMPRESSED = new Set([...FIRST_LOAD, ".svg", ".json", ".webmanifest", ".txt"]);

function brotli(content) {
  return brotliCompressSync(content, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  });
}

const [folder, option] = process.argv.slice(2);
let total = 0;
let later = 0;
for (const name of readdirSync(folder, { recursive: true }).sort()) {
  const type = extname(name);
  if (!COMPRESSED.has(type)) continue;
  const content = readFileSync(join(folder, name));
  const small = brotli(content);
  writeFileSync(join(folder, `${name}.br`), small);
  writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
  if (!FIRST_LOAD.has(type)) continue;
  if (LATER.test(name)) later += small.length;
  else total += small.length;
  console.log(`${(small.length / 1000).toFixed(1).padStart(8)} KB  ${name}`);
}

console.log(`${(later / 1000).toFixed(1).padStart(8)} KB  fetched later`);
console.log(`first_load_brotli_kb: ${(total / 1000).toFixed(1)} (wanted: at most ${BUDGET_KB})`);
if (option === "--check" && total > BUDGET_KB * 1000) {
  console.error(`error: that is ${(total / 1000 - BUDGET_KB).toFixed(1)} KB too much: find what grew, for example with twiggy`);
  process.exit(1);
}
