// Cuts the console's WebAssembly into the module of the first page and one for each part that is
// fetched later. Trunk calls it on each build, and what Trunk made of the whole is replaced.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { TRUNK_PROFILE, TRUNK_SOURCE_DIR, TRUNK_STAGING_DIR } = process.env;
const IS_RELEASE = TRUNK_PROFILE === "release";
const TARGET = process.env.CARGO_TARGET_DIR ?? join(TRUNK_SOURCE_DIR, "target");
const COMPILED = join(TARGET, "wasm32-unknown-unknown", IS_RELEASE ? "console" : "debug", "console.wasm");
/** What the compiler may use, so that the optimiser keeps it. */
const FEATURES = ["bulk-memory", "multivalue", "mutable-globals", "nontrapping-float-to-int", "reference-types", "sign-ext", "simd"];

const run = (command, ...args) => execFileSync(command, args, { stdio: ["ignore", "ignore", "inherit"] });
/** Ends in code of one shape, its like beside its like: a little more of it, which Brotli makes 2 % less. */
const PASSES = ["--flatten", "--rereloop", "-Os", "-Os", "--reorder-functions-by-name"];
/** As Trunk names files: with a hash of their content. */
const hash = (content) => createHash("sha256").update(content).digest("hex").slice(0, 16);

/** A module's bytes as they are served. */
function finished(file) {
  if (IS_RELEASE) {
    const features = FEATURES.map((feature) => `--enable-${feature}`);
    run("wasm-opt", file, "--output", file, ...PASSES, "--strip-debug", "--strip-producers", ...features);
  }
  return readFileSync(file);
}

/** A script's text as it is served. */
function written(name, text) {
  if (!IS_RELEASE) return text;
  const file = join(work, name);
  writeFileSync(file, text);
  return execFileSync("terser", [file, "--module", "--compress", "--mangle"], { encoding: "utf8", maxBuffer: 1 << 26 });
}

const work = mkdtempSync(join(tmpdir(), "console-parts-"));
try {
  const main = readdirSync(TRUNK_STAGING_DIR).find((name) => /^console-[0-9a-f]+\.js$/.test(name)).replace(".js", "");
  const serve = (name, content) => writeFileSync(join(TRUNK_STAGING_DIR, name), content);

  run("wasm-split-cli", COMPILED, work, "--out-name", "console");
  let loader = readFileSync(join(work, "__wasm_split.js"), "utf8").replaceAll("./console.js", `./${main}.js`);
  for (const name of readdirSync(work).filter((name) => /^(chunk|split)_.*\.wasm$/.test(name))) {
    const content = finished(join(work, name));
    const served = `part-${name.replace(/^(chunk|split)_|\.wasm$/g, "")}-${hash(content)}.wasm`;
    serve(served, content);
    loader = loader.replaceAll(`./${name}`, `./${served}`);
  }
  loader = written("parts.js", loader);
  const loaderName = `parts-${hash(loader)}.js`;
  serve(loaderName, loader);

  const web = ["--target", "web", "--no-typescript", "--keep-lld-exports", "--out-name", "console"];
  run("wasm-bindgen", join(work, "console.wasm"), "--out-dir", join(work, "bound"), ...web);
  const script = readFileSync(join(work, "bound", "console.js"), "utf8");
  const renamed = script.replaceAll('from "./__wasm_split.js"', `from "./${loaderName}"`).replaceAll("console_bg.wasm", `${main}_bg.wasm`);
  serve(`${main}.js`, written("main.js", renamed));
  serve(`${main}_bg.wasm`, finished(join(work, "bound", "console_bg.wasm")));
} finally {
  rmSync(work, { recursive: true });
}
