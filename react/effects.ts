import { noEffect, unsafeUrl } from "../lib/errors/errors.js";

export type Effects = Readonly<Record<string, (...args: any[]) => void>>;

/** What an effect does where the app says nothing. */
export function builtIn(name: string): (...args: any[]) => void {
  return Object.hasOwn(BUILT_IN, name) ? (BUILT_IN[name] as (...args: any[]) => void) : () => warn(name);
}

const BUILT_IN: Effects = {
  redirect(url: string) {
    const href = checked(url);
    // Next's, of the page that is open: so twins and the page's own state live on. With it `url` means what it does in `<Link>`, under a `basePath` too.
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

/** An address that came with data may be a script. */
function checked(url: string): string {
  const { href, protocol } = new URL(url, location.href);
  if (protocol === "javascript:") throw unsafeUrl(url);
  return href;
}

function warn(name: string): void {
  if (process.env.NODE_ENV !== "production") console.warn(noEffect(name).message);
}
