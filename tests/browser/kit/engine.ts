import { existsSync } from "node:fs";
import { type Browser, chromium, firefox, webkit } from "playwright";
import { launchOptions, missing } from "./chromium.js";

/** Whose browser. */
export type Engine = "chromium" | "firefox" | "webkit";

const OTHERS = { firefox, webkit };

/** Why tests with this browser cannot run here. */
export function missingOf(engine: Engine): string | undefined {
  if (engine === "chromium") return missing;
  return existsSync(OTHERS[engine].executablePath()) ? undefined : `needs Playwright's ${engine}, which is not here (npx playwright install ${engine})`;
}

export const launch = (engine: Engine): Promise<Browser> => (engine === "chromium" ? chromium.launch(launchOptions) : OTHERS[engine].launch());
