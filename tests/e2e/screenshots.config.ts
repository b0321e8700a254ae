// How the README's pictures are taken: of a release build, with the sample project on the real engine.
import { defineConfig } from "@playwright/test";
import base from "./playwright.config.ts";

export default defineConfig({
  ...base,
  testDir: "screenshots",
  testMatch: "*.shot.ts",
  workers: 1,
  timeout: 300_000,
  use: { ...base.use, trace: "off", screenshot: "off", contextOptions: { reducedMotion: "reduce" } },
});
