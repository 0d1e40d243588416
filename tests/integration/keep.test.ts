import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, type PairOptions, pair } from "twinstate/testing";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";

const Theme = z.enum(["light", "dark"]);
type Theme = z.infer<typeof Theme>;

/** What the hooks and events of a test have found, in order. */
const seen: string[] = [];

class Prefs {
  @state({ keep: "cookie", input: Theme }) theme: Theme = "light";
  @state({ keep: "cookie" }) note: string = "";
  @state({ keep: "localStorage" }) size: number = 10;
  @state({ keep: "localStorage" }) wide: boolean = false;
  @state({ keep: "localStorage", input: z.object({ tags: z.array(z.string()).max(100) }) }) filter: { tags: string[] } = { tags: [] };
  @state admin: boolean = false;
  @state({ private: true }) private secret: string = "s";

  protected onLoad() {
    seen.push(`load ${this.theme} ${this.size}`);
  }
  @event set(theme: Theme) {
    seen.push(`set ${this.theme} ${this.size}`);
    this.theme = theme;
  }
  @event write(note: string) {
    this.note = note;
  }
  @event resize(size: number) {
    this.size = size;
  }
  @event tag(tag: string) {
    this.filter.tags.push(tag);
    this.wide = true;
  }
  @event({ optimistic: true }) toggle() {
    this.theme = this.theme === "dark" ? "light" : "dark";
  }
  @event reveal() {
    return `${this.secret} ${this.admin}`;
  }
  @event({ background: true }) async later() {
    return this.theme;
  }
  @event async hold(ms: number) {
    this.theme = "light";
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

/** What JSON makes something else of, and what it makes texts of. */
const LOSSY: Readonly<Record<string, unknown>> = {
  NaN: { deep: [Number.NaN] },
  Map: { deep: new Map([[1, 2]]) },
  Set: new Set([1]),
  RegExp: [/x/g],
  bytes: new Uint8Array(3),
  undefined: [undefined],
  BigInt: { n: 1n },
};
class Wide {
  @state({ keep: "localStorage", input: z.any() }) any: unknown = null;
  @state({ keep: "localStorage" }) a: string = "";
  @state({ keep: "localStorage" }) b: string = "";
  @state({ keep: "localStorage" }) c: string = "";
  @state({ keep: "cookie" }) d: string = "";
  @state({ keep: "cookie" }) e: string = "";

  @event put(kind: string) {
    this.any = LOSSY[kind];
  }
  @event date() {
    this.any = { at: new Date(0), url: new URL("http://app.test/") };
  }
  @event set(field: "a" | "b" | "c" | "d" | "e", length: number) {
    this[field] = "\u0001".repeat(length);
  }
}

class Panel {
  @state({ keep: "sessionStorage" }) tab: string = "first";
  @state({ keep: "localStorage" }) zoom: number = 1;
  @event open(tab: string) {
    this.tab = tab;
  }
  @event magnify(zoom: number) {
    this.zoom = zoom;
  }
}

const stores = { prefs: Prefs, panel: scope.tab(Panel), wide: Wide };
const open = (options: Partial<PairOptions<typeof stores, {}>> = {}) => {
  seen.length = 0;
  return pair({ stores, ...options });
};

describe("what a browser keeps", () => {
  test("behaviour 86: the default is shown, and nothing is written until an event sets the field", async () => {
    await using net = open();
    const a = net.client();
    const prefs = await a.prefs();
    await net.quiet();
    expect(prefs).toMatchObject({ theme: "light", size: 10 });
    expect(net.storages(a)).toMatchObject({ cookie: {}, localStorage: {} });
    await prefs.set("dark");
    await prefs.resize(12);
    await prefs.tag("new");
    await net.quiet();
    expect(net.storages(a).cookie).toEqual({ "twin.prefs.theme": "dark" });
    expect(net.storages(a).localStorage).toEqual({ "twin.prefs.size": "12", "twin.prefs.wide": "true", "twin.prefs.filter": '{"tags":["new"]}' });
    await prefs.set("light");
    expect(net.storages(a).cookie).toEqual({});
  });

  test("behaviour 86: it is restored after a reload, also where the server has lost its state", async () => {
    await using net = open();
    const a = net.client();
    const prefs = await a.prefs();
    await prefs.set("dark");
    await prefs.resize(12);
    await prefs.tag("new");
    net.kill();
    await net.quiet();
    const again = await net.reload(a).prefs();
    expect(again).toMatchObject({ theme: "dark", size: 12, wide: true, filter: { tags: ["new"] } });
  });

  test("behaviour 86: what is removed in the browser is the default again with the next page, though the server stores the old value", async () => {
    await using net = open({ storage: lasting() });
    const a = net.client();
    const prefs = await a.prefs();
    await prefs.set("dark");
    await prefs.resize(12);
    const b = net.reload(a);
    expect(await b.prefs()).toMatchObject({ theme: "dark", size: 12 });
    delete net.storages(b).cookie["twin.prefs.theme"];
    delete net.storages(b).localStorage["twin.prefs.size"];
    const c = net.reload(b);
    expect(await c.prefs()).toMatchObject({ theme: "light", size: 10 });
  });

  test("behaviour 86: text that looks like JSON stays a text", async () => {
    await using net = open();
    let a = net.client();
    for (const note of ['{"a":1}', "123", "true", "null", '"quoted"', "[", "a;b=c%20ü\u0000 \ud800", "", "plain"]) {
      const prefs = await a.prefs();
      await prefs.write(note);
      net.kill();
      await net.quiet();
      a = net.reload(a);
      expect((await a.prefs()).note).toBe(note);
    }
    expect(net.storages(a).cookie["twin.prefs.note"]).toBe("plain");
    // Somebody else has written it.
    net.storages(a).cookie["twin.prefs.note"] = '{"a":1}';
    expect((await net.reload(a).prefs()).note).toBe('{"a":1}');
  });

  test("behaviour 75: what the browser keeps is there before `onLoad`, and before the first event", async () => {
    await using net = open();
    const a = net.client();
    const { cookie, localStorage } = net.storages(a);
    cookie["twin.prefs.theme"] = "dark";
    localStorage["twin.prefs.size"] = "12";
    const prefs = await a.prefs();
    await prefs.set("light");
    expect(seen).toEqual(["load dark 12", "set dark 12"]);
    // Nothing is left to write: the default is not kept.
    expect(cookie).toEqual({});
  });

  test("behaviour 87: a store of the session follows in all tabs of the browser", async () => {
    await using net = open();
    const a = net.client();
    const b = net.tab(a);
    const [one, other] = [await a.prefs(), await b.prefs()];
    await one.resize(20);
    await net.quiet();
    expect(other.size).toBe(20);
  });

  test("behaviour 87: a store of the tab does not follow until its page is loaded again", async () => {
    await using net = open();
    const a = net.client();
    const b = net.tab(a);
    const [one, other] = [await a.panel(), await b.panel()];
    await one.magnify(2);
    await one.open("second");
    await net.quiet();
    expect(other).toMatchObject({ zoom: 1, tab: "first" });
    expect(await net.reload(b).panel()).toMatchObject({ zoom: 2, tab: "first" });
    expect(await net.tab(a).panel()).toMatchObject({ zoom: 2, tab: "first" });
    expect(await net.reload(a).panel()).toMatchObject({ zoom: 2, tab: "second" });
  });
});

describe("who knows better", () => {
  test("a page brings its values once: an older one overwrites nothing when its line comes back", async () => {
    await using net = open();
    const a = net.client();
    const b = net.tab(a);
    const [one, other] = [await a.prefs(), await b.prefs()];
    await one.set("dark");
    net.cut(b);
    await net.server.prefs(net.session(a)).set("light");
    // The browser has not heard of it.
    net.storages(a).cookie["twin.prefs.theme"] = "dark";
    net.heal(b);
    net.break(a);
    await net.quiet();
    expect([one.theme, other.theme]).toEqual(["light", "light"]);
    expect(net.storages(a).cookie).toEqual({});
  });

  test("nor where the server has been started again, and has stored a newer one", async () => {
    await using net = open({ storage: lasting() });
    const a = net.client();
    const prefs = await a.prefs();
    await prefs.set("dark");
    net.cut(a);
    await net.server.prefs(net.session(a)).set("light");
    net.kill();
    await net.quiet();
    expect(prefs.theme).toBe("light");
    expect(net.storages(a).cookie).toEqual({});
  });

  test("a page that is loaded before its browser has heard of a change does not undo it", async () => {
    await using net = open();
    const a = net.client();
    const prefs = await a.prefs();
    await prefs.set("dark");
    net.cut(a);
    await net.server.prefs(net.session(a)).set("light");
    const b = net.tab(a);
    expect((await b.prefs()).theme).toBe("light");
    await net.quiet();
    expect(prefs.theme).toBe("light");
    expect(net.storages(a).cookie).toEqual({});
  });

  test("of several values that events have just replaced, a page takes none back", async () => {
    await using net = open();
    const a = net.client();
    const prefs = await a.prefs();
    for (const size of [20, 30, 40]) await prefs.resize(size);
    for (const old of ["20", "30"]) {
      // What a page has read before the events, and brings after them.
      net.storages(a).localStorage["twin.prefs.size"] = old;
      expect((await net.tab(a).prefs()).size).toBe(40);
    }
  });

  test("a page whose browser has what the store has waits for no event", async () => {
    await using net = open({ storage: lasting() });
    const a = net.client();
    const prefs = await a.prefs();
    await prefs.set("dark");
    const call = prefs.hold(5000);
    await net.wait(100);
    const before = net.now;
    expect((await net.tab(a).prefs()).theme).toBe("dark");
    expect(net.now - before).toBeLessThan(1000);
    await call;
    await net.quiet();
    expect([prefs.theme, net.storages(a).cookie]).toEqual(["light", {}]);
  });

  test("an event whose frame has not come is not undone by the page that is loaded next", async () => {
    await using net = open({ storage: lasting() });
    const a = net.client();
    const prefs = await a.prefs();
    net.mute(a);
    prefs.set("dark").catch(() => {});
    await net.wait(100);
    expect(net.storages(a).cookie).toEqual({});
    const b = net.reload(a);
    expect((await b.prefs()).theme).toBe("dark");
    await net.quiet();
    expect(net.storages(b).cookie).toEqual({ "twin.prefs.theme": "dark" });
  });

  test("a prediction is not kept before it is true, so an event that is sent again toggles once", async () => {
    await using net = open({ storage: lasting(), browser: { stores: { prefs: Prefs } } });
    const a = net.client();
    const prefs = await a.prefs();
    await prefs.write("stored");
    net.cut(a);
    const call = prefs.toggle();
    await net.wait(10);
    expect(prefs.theme).toBe("dark");
    expect(net.storages(a).cookie).not.toHaveProperty(["twin.prefs.theme"]);
    net.kill();
    await net.quiet();
    await call;
    expect(prefs.theme).toBe("dark");
    expect(net.storages(a).cookie).toHaveProperty(["twin.prefs.theme"], "dark");
  });

  test("a prediction is not kept, though the state changes meanwhile", async () => {
    await using net = open({ browser: { stores: { prefs: Prefs } } });
    const a = net.client();
    const b = net.tab(a);
    const [one, other] = [await a.prefs(), await b.prefs()];
    net.next(a, "late");
    const call = one.toggle();
    await other.resize(30);
    await net.wait(20);
    expect(one).toMatchObject({ theme: "dark", size: 30 });
    expect(other.theme).toBe("light");
    expect(net.storages(a).cookie).toEqual({});
    await call;
    expect(net.storages(a)).toMatchObject({ cookie: { "twin.prefs.theme": "dark" }, localStorage: { "twin.prefs.size": "30" } });
  });

  test("after a server has lost its memory, the page brings what its browser has", async () => {
    await using net = open();
    const a = net.client();
    const prefs = await a.prefs();
    await prefs.set("dark");
    await prefs.resize(7);
    net.kill();
    await net.quiet();
    expect(prefs).toMatchObject({ theme: "dark", size: 7 });
    expect(await prefs.later()).toBe("dark");
  });

  test("erased data is no longer kept by the browser either", async () => {
    await using net = open();
    const a = net.client();
    const prefs = await a.prefs();
    await prefs.set("dark");
    await net.server.$erase({ session: net.session(a) });
    await net.quiet();
    expect(prefs.theme).toBe("light");
    expect(net.storages(a).cookie).toEqual({});
  });
});

describe("values that are none", () => {
  test("an invalid value is reported in development, replaced by the default, and removed", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    try {
      await using net = open();
      const a = net.client();
      const { cookie, localStorage } = net.storages(a);
      cookie["twin.prefs.theme"] = "purple";
      localStorage["twin.prefs.size"] = "wide";
      localStorage["twin.prefs.filter"] = '{"tags":"of an earlier version"}';
      expect(await a.prefs()).toMatchObject({ theme: "light", size: 10, filter: { tags: [] } });
      await net.quiet();
      expect([cookie, localStorage]).toEqual([{}, {}]);
      expect(warn.mock.calls.map(([text]) => text)).toEqual([
        expect.stringContaining("`prefs.theme` (cookie, `twin.prefs.theme`)"),
        expect.stringContaining("`prefs.size` (localStorage"),
        expect.stringContaining("`prefs.filter`"),
      ]);
    } finally {
      warn.mockRestore();
    }
  });

  test("a value that its place cannot hold is refused with the event that sets it, and the field stays as it was", async () => {
    const logged: unknown[] = [];
    await using net = open({ log: ({ error }) => void logged.push(error) });
    const a = net.client();
    const prefs = await a.prefs();
    await prefs.write("short");
    await expect(prefs.write("ü".repeat(700))).rejects.toMatchObject({ code: "INTERNAL" });
    expect(String(logged)).toContain("`Prefs.note` is kept in a cookie, and its value takes 4216 characters of at most 4096");
    expect(prefs.note).toBe("short");
    expect(net.storages(a).cookie).toEqual({ "twin.prefs.note": "short" });
  });

  test("a value that JSON cannot have is refused too", async () => {
    const logged: unknown[] = [];
    await using net = open({ log: ({ error }) => void logged.push(error) });
    const prefs = await net.client().prefs();
    await expect(prefs.resize(Number.POSITIVE_INFINITY)).rejects.toMatchObject({ code: "INTERNAL" });
    expect(String(logged)).toContain("`Prefs.size` is kept by the browser as JSON, and its value cannot be written so: JSON has no Infinity");
    expect(prefs.size).toBe(10);
  });

  test.for(Object.keys(LOSSY))("a value of which JSON would make something else is refused with the event that sets it: %s", async (kind) => {
    const logged: unknown[] = [];
    await using net = open({ log: ({ error }) => void logged.push(error) });
    const a = net.client();
    const wide = await a.wide();
    await expect(wide.put(kind)).rejects.toMatchObject({ code: "INTERNAL" });
    expect(String(logged)).toMatch(new RegExp(`\`Wide.any\` is kept by the browser as JSON, and its value cannot be written so: .*${kind}`, "i"));
    expect([wide.any, net.storages(a).localStorage]).toEqual([null, {}]);
    await wide.date();
    expect(net.storages(a).localStorage).toEqual({ "twin.wide.any": '{"at":"1970-01-01T00:00:00.000Z","url":"http://app.test/"}' });
  });

  test("all kept fields of a browser together fit into its requests, whatever is in them", async () => {
    const logged: unknown[] = [];
    await using net = open({ log: ({ error }) => void logged.push(error) });
    let a = net.client();
    let wide = await a.wide();
    await wide.set("d", 1200);
    await expect(wide.set("e", 1200)).rejects.toMatchObject({ code: "INTERNAL" });
    await wide.set("a", 65_536);
    await wide.set("b", 65_536);
    await expect(wide.set("c", 1)).rejects.toMatchObject({ code: "INTERNAL" });
    expect(logged.map(String)).toEqual([
      expect.stringContaining(
        "With this value of `Wide.e`, the kept fields of this browser take 7224 characters in cookies, which each request brings, of at most 6144",
      ),
      expect.stringContaining(
        "With this value of `Wide.c`, the kept fields of this browser take 131073 characters in storages, which each page brings, of at most 131072",
      ),
    ]);
    net.kill();
    await net.quiet();
    a = net.reload(a);
    wide = await a.wide();
    expect([wide.a.length, wide.b.length, wide.c.length, wide.d.length]).toEqual([65_536, 65_536, 0, 1200]);
    // Less is always taken.
    await wide.set("a", 1);
  });

  test("a text of megabytes that somebody has put into the browser's storage does not keep the page from its store", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    try {
      await using net = open();
      const a = net.client();
      net.storages(a).localStorage["twin.wide.a"] = "x".repeat(3_000_000);
      expect((await a.wide()).a).toBe("");
      await net.quiet();
      expect(net.storages(a).localStorage).toEqual({});
      expect(warn).toHaveBeenCalledWith(expect.stringContaining("`wide.a`"));
    } finally {
      warn.mockRestore();
    }
  });

  test("a browser that forbids its storage keeps nothing, and the store works", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    try {
      await using net = open();
      const a = net.client();
      Object.freeze(net.storages(a).cookie);
      const prefs = await a.prefs();
      await prefs.set("dark");
      await net.quiet();
      expect(prefs.theme).toBe("dark");
      expect(warn).toHaveBeenCalledWith(expect.stringContaining("does not keep `prefs.theme` in cookie"));
    } finally {
      warn.mockRestore();
    }
  });
});
