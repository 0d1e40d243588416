/**
 * Places the toasts in the lower corner of the window. Any rule of the app wins over these.
 * A Content-Security-Policy allows a sheet that a script has made.
 */
const RULES = `:where(.twin-toasts){position:fixed;inset:auto 0 0 auto;max-height:100dvh;margin:0;border:0;padding:0 1rem 1rem;background:none}
:where(.twin-toast){display:flex;gap:1rem;justify-content:space-between;max-width:24rem;margin-top:.5rem;border:1px solid;padding:.75rem 1rem;color:CanvasText;background:Canvas;overflow-wrap:anywhere}`;
/** The longest time that a timer takes, in ms. */
const LONGEST = 2 ** 31 - 1;

let region: HTMLElement | undefined;

/** Shows a message below the earlier ones, until its time is over or it is dismissed. */
export function toast(message: string, { kind = "info", duration = 6000 }: { kind?: string; duration?: number } = {}): void {
  const item = make("div", "toast", { "data-kind": kind, ...(kind === "error" && { role: "alert" }) });
  const text = make("span", "toast-text");
  text.textContent = message;
  const button = make("button", "toast-dismiss", { type: "button", "aria-label": "Dismiss" });
  button.textContent = "×";
  button.onclick = () => item.remove();
  item.append(text, button);
  const place = openRegion();
  // Screen readers announce what is added to a region that they know.
  setTimeout(() => {
    if (!place.firstChild) raise(place);
    place.append(item);
    leaveAfter(item, Math.min(duration, LONGEST));
  }, 100);
}

function openRegion(): HTMLElement {
  if (region?.isConnected) return region;
  if (!region) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(RULES);
    document.adoptedStyleSheets.push(sheet);
  }
  region = make("div", "toasts", { popover: "manual", role: "status", "aria-atomic": "false", "aria-label": "Messages" });
  document.body.append(region);
  raise(region);
  return region;
}

/** Puts the region above the dialogs that have opened meanwhile. */
function raise(place: HTMLElement): void {
  place.hidePopover?.();
  place.showPopover?.();
}

/** A message that nobody can have read yet stays: the tab is hidden, or the visitor points at it. */
function leaveAfter(item: HTMLElement, duration: number): void {
  setTimeout(() => (document.hidden || item.matches(":hover, :focus-within") ? leaveAfter(item, duration) : item.remove()), duration);
}

function make(tag: string, name: string, attributes: Readonly<Record<string, string>> = {}): HTMLElement {
  const element = document.createElement(tag);
  element.className = `twin-${name}`;
  for (const attribute in attributes) element.setAttribute(attribute, attributes[attribute] as string);
  return element;
}
