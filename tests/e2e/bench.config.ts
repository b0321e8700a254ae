// How the figures of the README are measured in the browser and over HTTP: one thing at a time.
import { defineConfig } from "@playwright/test";
import base from "./playwright.config.ts";

export default defineConfig({
  ...base,
  testDir: "bench",
  testMatch: "*.bench.ts",
  workers: 1,
  timeout: 900_000,
  use: { ...base.use, trace: "off", screenshot: "off" },
});
