// What the console has copied.
import { type Page } from "@playwright/test";

/** Pastes it into a blank page: the console's own page may write to the clipboard alone. */
export async function clipboard(page: Page): Promise<string> {
  const other = await page.context().newPage();
  await other.setContent("<textarea></textarea>");
  await other.locator("textarea").focus();
  await other.keyboard.press("Control+V");
  const text = await other.locator("textarea").inputValue();
  await other.close();
  await page.bringToFront();
  return text;
}
