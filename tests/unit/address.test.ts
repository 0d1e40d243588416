import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readAddress } from "../../lib/event/address.js";

const PAGE = "https://app.example/shop/list?page=2";
const OWN = [
  "/",
  "/list",
  "list",
  "../list",
  "./",
  "?page=2",
  "#end",
  "",
  "/list?next=https://evil.example",
  "/a//b",
  "/javascript:alert(1)",
  "/日本",
  " /list ",
];
const FOREIGN = [
  "//evil.example",
  "///evil.example",
  "////evil.example/x",
  "https://evil.example",
  "http:evil.example",
  "http:/evil.example",
  "HTTPS://evil.example",
  " https://evil.example ",
  "https://app.example@evil.example",
  "https://app.example.evil.example",
  "http://app.example/list",
  "https://app.example:8443/list",
  "//app.example:8443",
  "//own.invalid:81/list",
  "mailto:a@evil.example",
  "tel:123",
];
const SCRIPTS = [
  "javascript:alert(1)",
  " javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "javascript://app.example/%0aalert(1)",
  "data:text/html,<script>alert(1)</script>",
  "vbscript:x",
  "blob:https://app.example/1",
  "file:///etc/passwd",
  "view-source:https://app.example",
  "about:blank",
  "ftp://app.example",
  "intent://x",
];
const ODD = [
  "\\\\evil.example",
  "/\\evil.example",
  "\\/evil.example",
  "/\t/evil.example",
  "java\nscript:alert(1)",
  "\u0001javascript:alert(1)",
  "/list\r\nx: y",
  "/a\u007f",
  // The path names another host.
  "..//evil.example",
  "/.//evil.example",
  "/a/..//evil.example",
  "/%2e//evil.example",
];
const UNREADABLE = ["https://", "//", "https://[", "http://a b", undefined, null, 5, {}, ["/list"], new URL(PAGE)];

/** Where an address leads, or why it leads nowhere. */
const check = (url: unknown, external: boolean, page?: string) => {
  const found = readAddress(url, external, page);
  return typeof found === "string" ? found : found.href;
};

describe.each([["on the server", undefined] as const, ["in the browser", PAGE] as const])("an address, %s,", (_, page) => {
  test("of the app itself is followed", () => {
    for (const url of OWN) for (const external of [false, true]) expect(check(url, external, page), url).toBe(new URL(url, page ?? "https://own.invalid").href);
  });

  test("that names another origin is refused, unless that is allowed", () => {
    for (const url of FOREIGN) {
      expect(check(url, false, page), url).toBe("foreign");
      expect(check(url, true, page), url).toBe(new URL(url, page ?? "https://own.invalid").href);
    }
  });

  test("of a script, or of anything that hides one, is refused always", () => {
    for (const url of SCRIPTS) for (const external of [false, true]) expect(check(url, external, page), url).toBe("script");
  });

  test("with what browsers take for something else is refused always", () => {
    for (const url of ODD) for (const external of [false, true]) expect(check(url, external, page), url).toBe("odd");
  });

  test("that is none is refused", () => {
    for (const url of UNREADABLE) for (const external of [false, true]) expect(check(url, external, page), String(url)).toBe("unreadable");
  });
});

test("the app's own origin is its own where it is known: in the browser", () => {
  expect(check("https://app.example/list", false, PAGE)).toBe("https://app.example/list");
  expect(check("//app.example/list", false, PAGE)).toBe("https://app.example/list");
  expect(check("https://app.example/list", false)).toBe("foreign");
  // From a page of the same scheme it is a path, from any other a host.
  expect(check("https:evil.example", false, PAGE)).toBe("https://app.example/shop/evil.example");
  for (const url of ["https:evil.example", "https:", "https:?a"]) expect(check(url, false)).toBe("foreign");
  expect(check("https://own.invalid/list", false)).toBe("foreign");
  expect(check("//own.invalid/list", false)).toBe("foreign");
});

test("whatever the server takes for the app's own leads nowhere else from any page", () => {
  const part = fc.constantFrom(
    "/",
    "//",
    "\\",
    ":",
    "@",
    "?",
    "#",
    ".",
    "..",
    "\t",
    "\n",
    " ",
    "http",
    "https",
    "javascript",
    "data",
    "evil.example",
    "%5c",
    "%2f",
    "a",
    "é",
  );
  const pages = ["http://app.example/", PAGE, "http://localhost:3000/a/b"];
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const url = parts.join("");
      if (typeof readAddress(url, false) === "string") return;
      for (const page of pages) expect(new URL(url, page).origin).toBe(new URL(page).origin);
    }),
    { numRuns: 5000 },
  );
});
