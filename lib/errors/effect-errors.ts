import { StateError, shown, wrong } from "./errors.js";

// The wording of effects: a page loads it with the first built-in effect.

const unsafe = (effect: string, url: unknown, why: string) =>
  new StateError("UNSAFE_URL", `\`effect.${effect}()\` was given the address ${shown(url)}, ${why}`);

/** The reason why an address is not followed. */
export type Danger = "unreadable" | "odd" | "script" | "foreign";

/** The short form, for browsers: the server refuses such an address first. */
export const notFollowed = (effect: string, url: unknown, why: Danger) => unsafe(effect, url, `and did not follow it: ${why}.`);

const REASONS: Readonly<Record<Danger, (effect: string) => string>> = {
  unreadable: () => "which no browser can read. Give a URL as text, as `/list?page=2`.",
  odd: () =>
    "with a control character, a backslash, or a path that begins with `//`, which browsers take for something else. Encode what comes from data: `encodeURIComponent(name)`.",
  script: () => "which runs a script, or opens no page: it is never followed. Give an address of `http:` or `https:`.",
  foreign: (effect) =>
    `which names an origin. Give a path, as \`/list\`. If other sites are meant, allow them: \`effect.${effect}(${effect === "download" ? "url, name" : "url"}, { external: true })\`, for addresses of your own, not for those that visitors send.`,
};
export const unsafeAddress = (effect: string, url: unknown, why: Danger) => unsafe(effect, url, REASONS[why](effect));

export const noFile = (got: unknown) =>
  wrong(
    "EFFECT",
    `\`effect.download()\` was given ${shown(got)}. Give an address, as \`effect.download("/report.csv")\`, a Blob, or text or bytes: \`effect.download({ data, type: "text/csv" }, "report.csv")\`.`,
  );
export const downloadTooLarge = (bytes: number, most: number) =>
  wrong(
    "EFFECT",
    `\`effect.download()\` was given ${bytes.toLocaleString("en")} bytes, and takes ${most.toLocaleString("en")} at most. Serve a larger file by a route of your own, and give its address: \`effect.download("/report.csv")\`.`,
  );

export const noEffect = (name: string) =>
  wrong("EFFECT", `Nothing was done for \`effect.${name}()\`: say what it does here by \`<TwinProvider effects={{ ${name} }}>\`.`);
export const noElement = (effect: string, id: string) =>
  wrong(
    "EFFECT",
    `\`effect.${effect}(${shown(id)})\` has found no element with that \`id\`${id.startsWith("#") ? ": give the id alone, without `#`." : ". Is it on the page, once the event's changes are shown?"}`,
  );
