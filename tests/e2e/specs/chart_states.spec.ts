// Every state that the charts can be in, as it looks: nothing for axe to find and no sideways scroll in
// any colour and size, and a picture of each among the results of the run.
import { type Page } from "@playwright/test";
import { cpu, drag, EVENTS, fill, HOUR, METRICS, open, panel, SERIES, SERVICE } from "../charts.ts";
import { isCleanEverywhere } from "../looks.ts";
import { expect, type Platform, signIn, test } from "../platform.ts";

test.describe.configure({ mode: "parallel" });
test.use({ timezoneId: "UTC" });

type State = { name: string; show: (page: Page, platform: Platform) => Promise<void> };

const failing = (page: Page, address: RegExp) =>
  page.route(address, (route) => route.fulfill({ status: 503, json: { status: 503, message: "It is being moved.", code: "engine_unavailable" } }));

/** The tab of a real service, without any series of the test's own. */
async function visit(page: Page, platform: Platform, service: string, query = ""): Promise<void> {
  await fill(platform);
  await signIn(page, platform);
  await page.goto(`${platform.url}${SERVICE.replace("cart", service)}/metrics${query}`);
}

const STATES: State[] = [
  { name: "a line with a gap, a spike and marks", show: open },
  {
    name: "a cursor",
    show: async (page, platform) => {
      await open(page, platform);
      await cpu(page).focus();
      for (const key of ["End", "ArrowLeft", "ArrowLeft"]) await page.keyboard.press(key);
      await expect(page.locator(".chart-cursor").first()).toBeVisible();
    },
  },
  {
    name: "a zoom",
    show: async (page, platform) => {
      await open(page, platform);
      await drag(page, cpu(page), 0.6, 0.8);
      await expect(page).not.toHaveURL(/end=2026-04-22T15:00:00Z/);
    },
  },
  {
    name: "a selection",
    show: async (page, platform) => {
      await open(page, platform);
      await page.keyboard.down("Shift");
      await drag(page, cpu(page), 0.5, 0.75);
      await page.keyboard.up("Shift");
      await expect(panel(page, "Span")).toContainText("Selected:");
    },
  },
  {
    name: "the ways to save a chart",
    show: async (page, platform) => {
      await open(page, platform);
      await page.getByRole("button", { name: "Save CPU" }).click();
      await expect(page.getByRole("button", { name: "As PNG" })).toBeVisible();
    },
  },
  {
    name: "the choice of a window",
    show: async (page, platform) => {
      await open(page, platform);
      await page.getByRole("button", { name: "Choose a time range" }).click();
      await page.getByLabel("To, UTC").fill("2026-04-22T13:00:00");
      await expect(page.getByText("The end must be after the start.")).toBeVisible();
    },
  },
  {
    name: "a table",
    show: async (page, platform) => {
      await open(page, platform);
      await page.getByRole("button", { name: "Table", exact: true }).click();
      await expect(page.getByRole("table", { name: "Metrics" })).toBeVisible();
    },
  },
  {
    name: "nothing yet",
    show: async (page, platform) => {
      await page.route(METRICS, () => {});
      await visit(page, platform, "cart");
      await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(1);
      await expect(cpu(page)).toBeVisible();
    },
  },
  {
    name: "none that answers",
    show: async (page, platform) => {
      await failing(page, METRICS);
      await visit(page, platform, "cart");
      await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
    },
  },
  {
    name: "stale ones",
    show: async (page, platform) => {
      await visit(page, platform, "cart", "?window=15m");
      await expect(panel(page, "CPU")).toContainText(/now\d/, { timeout: 60_000 });
      await failing(page, METRICS);
      await expect(panel(page, "CPU").locator(".fresh.stale")).toContainText("It is being moved.", { timeout: 60_000 });
      await expect(panel(page, "CPU")).toContainText(/(now|last)\d/);
    },
  },
  {
    name: "marks that can't be told",
    show: async (page, platform) => {
      await fill(platform);
      await page.route(METRICS, (route) => route.fulfill({ json: SERIES }));
      await failing(page, EVENTS);
      await signIn(page, platform);
      await page.goto(`${platform.url}${SERVICE}/metrics?${HOUR}`);
      await expect(panel(page, "Span")).toContainText("Releases and restarts can't be told: It is being moved.");
      await expect(panel(page, "Span")).not.toContainText("No release and no restart.");
    },
  },
  {
    name: "a window to come",
    show: async (page, platform) => {
      await visit(page, platform, "cart", "?start=2100-01-01T00:00:00Z");
      await expect(panel(page, "CPU")).toContainText("This window is still to come.");
      await expect(cpu(page)).toHaveAttribute("aria-description", /^This window is still to come\. /);
    },
  },
  {
    name: "a window that is refused",
    show: async (page, platform) => {
      await visit(page, platform, "cart", "?start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z");
      await expect(page.getByRole("alert")).toContainText("The start must be before the end.");
    },
  },
  {
    name: "a service without a domain",
    show: async (page, platform) => {
      await visit(page, platform, "worker");
      await expect(panel(page, "Requests")).toContainText("Requests are counted at a domain.");
    },
  },
  {
    name: "a service that is paused",
    show: async (page, platform) => {
      await visit(page, platform, "paused");
      await expect(panel(page, "CPU")).toContainText("It is paused: nothing runs that could be measured.");
    },
  },
  {
    name: "a service that was never deployed",
    show: async (page, platform) => {
      await visit(page, platform, "described");
      await expect(panel(page, "CPU")).toContainText("It was never deployed: nothing runs that could be measured.");
    },
  },
];

for (const { name, show } of STATES) {
  test(name, async ({ page, platform }, info) => {
    await show(page, platform);
    await page.screenshot({ path: info.outputPath("looks.png"), fullPage: true });
    await isCleanEverywhere(page);
    await page.screenshot({ path: info.outputPath("looks-dark-390.png"), fullPage: true });
  });
}
