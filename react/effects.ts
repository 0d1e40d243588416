import { noEffect, noElement, notFollowed } from "../lib/errors/effect-errors.js";
import { readAddress } from "../lib/event/address.js";
import type { BuiltInHandlers } from "../lib/event/current.js";

export type Effects = Readonly<Record<string, (...args: any[]) => void>>;

/** The default of an effect that the app does not define. That of `toast`, which many apps replace, is loaded with the first one. */
export async function builtIn(name: string): Promise<(...args: any[]) => void> {
  if (name === "toast") return (await import("./toast.js")).toast;
  if (Object.hasOwn(BUILT_IN, name)) return BUILT_IN[name as keyof typeof BUILT_IN];
  return () => {
    if (process.env.NODE_ENV !== "production") console.warn(noEffect(name).message);
  };
}

interface Router {
  push(url: string): void;
  replace(url: string): void;
}

const BUILT_IN: Omit<BuiltInHandlers, "toast"> = {
  redirect(url, { external, replace } = {}) {
    const { href, origin } = addressOf("redirect", url, external);
    // Next's router keeps the twins and the page's own state, and reads `url` as `<Link>` does, also under a `basePath`.
    const { router } = (window as { next?: { router?: Router } }).next ?? {};
    if (router && origin === location.origin) router[replace ? "replace" : "push"](url);
    else location[replace ? "replace" : "assign"](href);
  },
  download(file, name = "", { external } = {}) {
    // A local store has an event's file as it is.
    const blob = typeof file === "string" ? undefined : file instanceof Blob ? file : new Blob([file.data as BlobPart], { type: file.type });
    const link = document.createElement("a");
    link.href = blob ? URL.createObjectURL(blob) : addressOf("download", file as string, external).href;
    link.download = name || (file instanceof File ? file.name : "");
    link.click();
    // Browsers may read the bytes later.
    if (blob) setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  },
  focus(id) {
    whenShown("focus", id, (element) => {
      element.focus();
      if (document.activeElement === element) return;
      // What takes no focus by itself, as a heading, takes it by script.
      element.tabIndex = -1;
      element.focus();
    });
  },
  scrollTo(id, options) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    whenShown("scrollTo", id, (element) => element.scrollIntoView({ ...options, ...(still && { behavior: "instant" }) }));
  },
};

/** How long an element may take to show up, in ms: a redirect before may still load its page. */
const PATIENCE = 3000;

/** Acts on the element as soon as it is there. React has shown what has changed before the next frame. */
function whenShown(effect: string, id: string, act: (element: HTMLElement) => void): void {
  const end = Date.now() + PATIENCE;
  const look = () => {
    const element = document.getElementById(id);
    if (element) act(element);
    else if (Date.now() < end) requestAnimationFrame(look);
    else if (process.env.NODE_ENV !== "production") console.warn(noElement(effect, id).message);
  };
  requestAnimationFrame(look);
}

function addressOf(effect: string, url: string, external: boolean | undefined) {
  const found = readAddress(url, external, location.href);
  if (typeof found === "string") throw notFollowed(effect, url, found);
  return found;
}
