// How the end-to-end tests run: Debian's Chromium, the real binary, two workers.
import { defineConfig } from "@playwright/test";

export const chromium = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

export default defineConfig({
  testDir: "specs",
  outputDir: "../../target/e2e",
  workers: 2,
  fullyParallel: false,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    launchOptions: chromium,
    viewport: { width: 1440, height: 900 },
    // Traces make the tests a quarter slower: they are asked for where one fails.
    trace: process.env.PILOTHOUSE_TRACE ? "retain-on-failure" : "off",
    screenshot: "only-on-failure",
  },
});
