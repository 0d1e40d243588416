import { existsSync } from "node:fs";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Why tests that need a browser cannot run here; on a CI machine they must. */
export const missing = existsSync(CHROMIUM) ? undefined : `needs Chromium, and ${CHROMIUM} does not exist (install it, or set CHROMIUM to its path)`;

export const launchOptions = {
  executablePath: CHROMIUM,
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};
