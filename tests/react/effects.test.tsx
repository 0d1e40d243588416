import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { builtIn } from "../../react/effects.js";
import { soon } from "./kit/page.js";

const clicked: string[] = [];
vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
  clicked.push(`${this.href} ${this.download}`);
});
afterEach(() => void clicked.splice(0));

/** The messages that are shown, and how they are announced. */
const toasts = () => [...document.querySelectorAll<HTMLElement>(".twin-toast")];
const texts = () => toasts().map((toast) => toast.querySelector("span")?.textContent);
afterEach(() => {
  for (const toast of toasts()) toast.remove();
});

function page(html: string): HTMLElement {
  const main = document.body.appendChild(document.createElement("main"));
  main.innerHTML = html;
  onTestFinished(() => main.remove());
  return main;
}

/** Notes the navigations of this page, and stops them. */
function stay() {
  const went: string[] = [];
  const note = (event: Event) => {
    const { destination, navigationType } = event as Event & { destination: { url: string }; navigationType: string };
    went.push(`${navigationType} ${destination.url}`);
    event.preventDefault();
  };
  const { navigation } = window as unknown as { navigation: EventTarget };
  navigation.addEventListener("navigate", note);
  onTestFinished(() => navigation.removeEventListener("navigate", note));
  return went;
}

test("`redirect` follows an address of the app, through Next's router where there is one, and another origin only if that is allowed", async () => {
  const redirect = await builtIn("redirect");
  const went = stay();
  redirect("#there");
  redirect("#here", { replace: true });
  expect(went).toEqual([`push ${location.href.split("#")[0]}#there`, `replace ${location.href.split("#")[0]}#here`]);
  const routed: string[] = [];
  const open = window as { next?: unknown };
  open.next = { router: { push: (url: string) => routed.push(`push ${url}`), replace: (url: string) => routed.push(`replace ${url}`) } };
  onTestFinished(() => void delete open.next);
  redirect("/list?page=2#end");
  redirect(`${location.origin}/list`, { replace: true });
  expect([routed, went.length]).toEqual([["push /list?page=2#end", `replace ${location.origin}/list`], 2]);
  for (const url of ["//example.com/list", "https://example.com/"]) {
    expect(() => redirect(url)).toThrow("did not follow it: foreign");
    redirect(url, { external: true });
  }
  expect([routed.length, went.slice(2)]).toEqual([2, [`push ${location.protocol}//example.com/list`, "push https://example.com/"]]);
});

test("neither `redirect` nor `download` follows a script, whatever it looks like", async () => {
  const went = stay();
  for (const name of ["redirect", "download"]) {
    const follow = await builtIn(name);
    for (const url of ["javascript:alert(1)", " JavaScript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "\\\\evil.example"]) {
      for (const options of [{}, { external: true }]) {
        expect(() => (name === "redirect" ? follow(url, options) : follow(url, "x", options)), url).toThrow("did not follow it");
      }
    }
  }
  expect([went, clicked]).toEqual([[], []]);
});

test("`download` saves what an address has, or the bytes that the event has made", async () => {
  const download = await builtIn("download");
  download("/file.txt", "mine.txt");
  download("https://example.com/file.txt", undefined, { external: true });
  expect(() => download("https://example.com/file.txt")).toThrow("did not follow it: foreign");
  download({ data: new TextEncoder().encode("<b>é"), type: "text/html" }, "page.html");
  expect(clicked).toEqual([`${location.origin}/file.txt mine.txt`, "https://example.com/file.txt ", expect.stringMatching(/^blob:.* page.html$/)]);
  const response = await fetch(clicked[2]?.split(" ")[0] as string);
  expect([await response.text(), response.headers.get("content-type")]).toEqual(["<b>é", "text/html"]);
});

test("`toast` shows every message, in order, as text, in a region that screen readers announce, until its time is over", async () => {
  const toast = await builtIn("toast");
  toast("Saved", { duration: Number.POSITIVE_INFINITY });
  toast("<b>Not</b> saved", { kind: "error", duration: Number.POSITIVE_INFINITY });
  toast("soon gone", { duration: 500 });
  const region = document.querySelector(".twin-toasts") as HTMLElement;
  expect([region.role, region.getAttribute("aria-atomic"), region.matches(":popover-open"), region.childElementCount]).toEqual(["status", "false", true, 0]);
  await soon(() => expect(texts()).toEqual(["Saved", "<b>Not</b> saved", "soon gone"]));
  expect(toasts().map(({ role, dataset }) => [role, dataset.kind])).toEqual([
    [null, "info"],
    ["alert", "error"],
    [null, "info"],
  ]);
  await soon(() => expect(texts()).toEqual(["Saved", "<b>Not</b> saved"]));
  for (const button of region.querySelectorAll("button")) {
    expect([button.type, button.getAttribute("aria-label")]).toEqual(["button", "Dismiss"]);
    button.click();
  }
  expect(toasts()).toEqual([]);
});

test("a message stays while the visitor is at it", async () => {
  const toast = await builtIn("toast");
  toast("read slowly", { duration: 200 });
  toast("read at once", { duration: 200 });
  await soon(() => expect(toasts()).toHaveLength(2));
  toasts()[0]?.querySelector("button")?.focus();
  await soon(() => expect(texts()).toEqual(["read slowly"]));
  (document.activeElement as HTMLElement).blur();
  await soon(() => expect(texts()).toEqual([]));
});

test("messages stand above a dialog that was open before, in the window's corner, and the app's own rules win", async () => {
  const dialog = page("<dialog>…</dialog>").firstChild as HTMLDialogElement;
  dialog.showModal();
  (await builtIn("toast"))("above", { duration: Number.POSITIVE_INFINITY });
  await soon(() => expect(texts()).toEqual(["above"]));
  const [item] = toasts() as [HTMLElement];
  const { right, bottom, left, top } = item.getBoundingClientRect();
  expect([Math.round(innerWidth - right), Math.round(innerHeight - bottom)]).toEqual([16, 16]);
  const style = document.head.appendChild(document.createElement("style"));
  onTestFinished(() => style.remove());
  style.textContent = ".twin-toasts { inset: 0 auto auto 0 } .twin-toast { border-width: 3px }";
  expect(item.getBoundingClientRect().left).toBeLessThan(left);
  expect(item.getBoundingClientRect().top).toBeLessThan(top);
  expect(getComputedStyle(item).borderTopWidth).toBe("3px");
});

test("`focus` and `scrollTo` find their element once it is there", async () => {
  const main = page(`<div style="height: 5000px"></div>`);
  (await builtIn("focus"))("title");
  (await builtIn("scrollTo"))("end", { block: "end" });
  main.insertAdjacentHTML("beforeend", `<h2 id="title">Title</h2><p id="end">end</p>`);
  await soon(() => expect([document.activeElement?.id, scrollY > 1000]).toEqual(["title", true]));
  expect((document.getElementById("title") as HTMLElement).tabIndex).toBe(-1);
  (await builtIn("focus"))("late");
  await new Promise((resolve) => setTimeout(resolve, 100));
  main.insertAdjacentHTML("beforeend", `<input id="late" />`);
  await soon(() => expect(document.activeElement?.id).toBe("late"));
});

test("in development, an element that is not there, and an effect that nobody defines, are warned of", async () => {
  const warned = vi.mocked(console.warn);
  (await builtIn("focus"))("#nowhere");
  (await builtIn("scrollTo"))("nowhere");
  (await builtIn("confetti"))(5);
  (await builtIn("toString"))();
  await soon(() => expect(warned).toHaveBeenCalledTimes(4));
  const messages = warned.mock.calls.map(([message]) => String(message)).sort();
  expect(messages).toEqual([
    expect.stringContaining("Nothing was done for `effect.confetti()`"),
    expect.stringContaining("Nothing was done for `effect.toString()`"),
    expect.stringContaining('`effect.focus("#nowhere")` has found no element with that `id`: give the id alone, without `#`.'),
    expect.stringContaining('`effect.scrollTo("nowhere")` has found no element with that `id`. Is it on the page'),
  ]);
  warned.mockClear();
});

// The last test, as a policy stays.
test("under a strict Content-Security-Policy, messages are placed and can be dismissed", async () => {
  const violations: string[] = [];
  document.addEventListener("securitypolicyviolation", ({ violatedDirective }) => violations.push(violatedDirective));
  document.querySelector(".twin-toasts")?.remove();
  const policy = document.head.appendChild(document.createElement("meta"));
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = "style-src 'none'; script-src-attr 'none'; require-trusted-types-for 'script'";
  // Another copy of the module, which has made no sheet yet.
  const { toast } = (await import(/* @vite-ignore */ `${"../../react/toast.js"}?again`)) as typeof import("../../react/toast.js");
  document.adoptedStyleSheets = [];
  toast("strict", { duration: Number.POSITIVE_INFINITY });
  await soon(() => expect(texts()).toEqual(["strict"]));
  expect(getComputedStyle(document.querySelector(".twin-toasts") as HTMLElement).right).toBe("0px");
  expect(violations).toEqual([]);
  toasts()[0]?.querySelector("button")?.click();
  expect(texts()).toEqual([]);
});
