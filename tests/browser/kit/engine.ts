import { existsSync } from "node:fs";
import { type Browser, chromium, firefox, webkit } from "playwright";
import { compiled } from "./build.js";
import { missing, onPath, pageOptions } from "./chromium.js";

/** Whose browser. */
export type Engine = "chromium" | "firefox" | "webkit";

/** The browsers of tests that run in all: in a full run others than Chromium too, with the React Compiler. */
export const ENGINES: readonly Engine[] = ["chromium", ...(process.env.TEST_FULL && compiled ? (["firefox", "webkit"] as const) : [])];

const OTHERS = { firefox, webkit };

const isPlaywrights = (engine: keyof typeof OTHERS) => existsSync(OTHERS[engine].executablePath());
/** The system's Firefox, where Playwright's own is not: it speaks WebDriver BiDi with that. Playwright 1.65 begins with a command that Firefox ESR 153 does not know. */
const systems = isPlaywrights("firefox") ? undefined : onPath("firefox", "firefox-esr").find((file) => existsSync(file));

/** Whether this is a browser without what Playwright adds to its own: some of what tests do to one is not in WebDriver BiDi. */
export const isBidi = (engine: string | undefined) => engine === "firefox" && systems !== undefined;

/** Why tests with this browser cannot run here. */
export function missingOf(engine: Engine): string | undefined {
  if (engine === "chromium") return missing;
  if (isPlaywrights(engine) || isBidi(engine)) return undefined;
  const orSystems = engine === "firefox" ? ", nor is a `firefox` or `firefox-esr` on the PATH" : "";
  return `needs Playwright's ${engine}, which is not here (npx playwright install ${engine})${orSystems}`;
}

export async function launch(engine: Engine): Promise<Browser> {
  if (engine === "chromium") return chromium.launch(pageOptions);
  return OTHERS[engine].launch(isBidi(engine) ? { channel: "moz-firefox", executablePath: systems as string } : {});
}
