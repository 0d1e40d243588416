import { noEffect, unsafeUrl } from "../lib/errors/errors.js";

export type Effects = Readonly<Record<string, (...args: any[]) => void>>;

/** The default of an effect that the app does not define. */
export function builtIn(name: string): (...args: any[]) => void {
  return Object.hasOwn(BUILT_IN, name) ? (BUILT_IN[name] as (...args: any[]) => void) : () => warn(name);
}

const BUILT_IN: Effects = {
  redirect(url: string) {
    const href = checked(url);
    // Next's router keeps the twins and the page's own state, and reads `url` as `<Link>` does, also under a `basePath`.
    const { router } = (window as { next?: { router?: { push(url: string): void } } }).next ?? {};
    if (router && new URL(href).origin === location.origin) router.push(url);
    else location.assign(href);
  },
  download(url: string, name = "") {
    const link = document.createElement("a");
    link.href = checked(url);
    link.download = name;
    link.click();
  },
};

/** Refuses the address of a script, which data may contain. */
function checked(url: string): string {
  const { href, protocol } = new URL(url, location.href);
  if (protocol === "javascript:") throw unsafeUrl(url);
  return href;
}

function warn(name: string): void {
  if (process.env.NODE_ENV !== "production") console.warn(noEffect(name).message);
}
