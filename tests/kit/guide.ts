import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Files of an app, by their paths. */
export type Files = Readonly<Record<string, string>>;

/** The files that a page of the docs writes out, by its sections: blocks of code that begin with the path of their file. Those before the first section have no name. */
function guide(page: string): Map<string, Files> {
  const sections = readFileSync(`${ROOT}docs/${page}.md`, "utf8").split(/^## /m);
  const read = (text: string): Files =>
    Object.fromEntries([...text.matchAll(/```tsx?\n\/\/ ([\w./[\]-]+\.tsx?)\n([\s\S]*?)```/g)].map(([, path, code]) => [path as string, code as string]));
  return new Map(sections.map((text, i) => [i === 0 ? "" : (text.split("\n", 1)[0] as string), read(text)]));
}

/** Writes files into a folder. */
export function write(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** The two apps of AUTH.md: each has what both share, and how people sign in. */
export function authApps(): { readonly cookie: Files; readonly betterAuth: Files } {
  const sections = guide("AUTH");
  const app = (section: string): Files => ({ ...sections.get(""), ...sections.get(section) });
  return { cookie: app("A cookie of one's own"), betterAuth: app("better-auth") };
}

/** The app of EVENTS.md. */
export const eventsApp = (): Files => Object.assign({}, ...guide("EVENTS").values()) as Files;

/** The app of SCHEDULES.md. */
export const schedulesApp = (): Files => Object.assign({}, ...guide("SCHEDULES").values()) as Files;

/** The app of DEPLOY.md. */
export const deployApp = (): Files => Object.assign({}, ...guide("DEPLOY").values()) as Files;
/** The app of TASKS.md. */
export const tasksApp = (): Files => Object.assign({}, ...guide("TASKS").values()) as Files;

/** The app of SCALING.md. */
export const scalingApp = (): Files => Object.assign({}, ...guide("SCALING").values()) as Files;

/** The app of UPLOADS.md. */
export const uploadsApp = (): Files => Object.assign({}, ...guide("UPLOADS").values()) as Files;

/** The app of STREAMING.md. */
export const streamingApp = (): Files => Object.assign({}, ...guide("STREAMING").values()) as Files;

/** The app of AGENTS.md. */
export const agentsApp = (): Files => Object.assign({}, ...guide("AGENTS").values()) as Files;

/** The app of FIELDS.md. */
export const fieldsApp = (): Files => Object.assign({}, ...guide("FIELDS").values()) as Files;

/** The app of SERVER.md. */
export const serverApp = (): Files => Object.assign({}, ...guide("SERVER").values()) as Files;

/** The app of WEBHOOKS.md. */
export const webhooksApp = (): Files => Object.assign({}, ...guide("WEBHOOKS").values()) as Files;
