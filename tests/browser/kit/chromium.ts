import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright";

/** Where programs of these names would be. */
export const onPath = (...names: string[]) =>
  (process.env.PATH ?? "").split(delimiter).flatMap((folder) => (folder === "" ? [] : names.map((name) => join(folder, name))));

const candidates = [...onPath("chromium", "chromium-browser", "google-chrome"), chromium.executablePath()];

/** The browser that `CHROMIUM` names; else the system's, or Playwright's own. */
const executable = (process.env.CHROMIUM === undefined ? candidates : [process.env.CHROMIUM]).find((file) => existsSync(file));

/** Why tests that need a browser cannot run here; on a CI machine they must. */
export const missing =
  executable === undefined
    ? `needs Chromium, which was not found${process.env.CHROMIUM === undefined ? "" : ` at ${process.env.CHROMIUM}`} (npm run setup, or set CHROMIUM to its path)`
    : undefined;

/**
 * Chromium without a window, tabs and what else is around a page: the pages are the same, and opening one takes a third of the time. A full run has the whole
 * browser everywhere.
 */
const shell = process.env.CHROMIUM === undefined && !process.env.TEST_FULL ? onPath("chromium-headless-shell").find((file) => existsSync(file)) : undefined;

/** The whole browser. */
export const launchOptions = {
  executablePath: executable ?? "",
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

/** The browser of most tests. */
export const pageOptions = { ...launchOptions, executablePath: shell ?? launchOptions.executablePath };
