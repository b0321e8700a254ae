// How a page looks to axe, and whether it fits, in every colour and size that it can have.
import { AxeBuilder } from "@axe-core/playwright";
import { type Page } from "@playwright/test";
import { expect, test } from "./platform.ts";

async function isClean(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join("\n")}`)).toEqual([]);
}

/** Looks at what is shown in every colour and size that it can have. */
export async function isCleanEverywhere(page: Page): Promise<void> {
  // Until the page has its title it is still on its way.
  await expect(page.locator("h1").first()).toBeAttached();
  for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await test.step(`${colorScheme} at ${viewport.width}`, async () => {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await isClean(page);
        const isWider = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
        expect(isWider, "scrolls sideways").toBe(false);
      });
    }
  }
}
