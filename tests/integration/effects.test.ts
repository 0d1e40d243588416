import { type Connection, current, effect, event, state, update } from "twinstate";
import { type Storage, scope } from "twinstate/server";
import { lasting, pair as pairOver } from "twinstate/testing";
import { describe, expect, test } from "vitest";
import { SOCKET_EVENTS, TRANSPORT } from "../kit/transport.js";

/** No stream opens. */
let refuseStreams = false;
const wrapFetch = (get: typeof fetch): typeof fetch => {
  return (url, init) => (refuseStreams && /\$(live|socket)/.test(String(url)) ? Promise.reject(new Error("no stream")) : get(url, init));
};
const pair: typeof pairOver = (options) => {
  refuseStreams = false;
  return pairOver({ transport: TRANSPORT, socketEvents: SOCKET_EVENTS, wrapFetch, ...options });
};

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

class Shop {
  @state orders: string[] = [];
  @event order(what: string) {
    this.orders.push(what);
    effect.redirect(`/orders/${what}`);
    return this.orders.length;
  }
  /** Yields among effects. */
  @event async *pack(...what: string[]) {
    for (const one of what) {
      this.orders.push(one);
      effect.toast(`packs ${one}`);
      yield one;
      await pause(100);
    }
    effect.toast("done");
    return what.length;
  }
  /** Has an event of a room called, whose effects are for who called this one. */
  @event async greet(room: string) {
    await server?.room(room).hello();
    effect.toast("greeted");
  }
  @event look(what: string) {
    effect.toast(`looks at ${what}`);
  }
  @event *fail(what: string) {
    this.orders.push(what);
    effect.toast("before");
    yield 1;
    effect.toast("never");
    throw new Error("no");
  }
  @event({ background: true }) async deliver(what: string) {
    await update(() => {
      this.orders.push(what);
      effect.toast(`sent ${what}`);
    });
    await pause(100);
    await update(() => {
      this.orders.push(`${what} again`);
      effect.toast(`sent ${what} again`);
    });
  }
}

/** The server, for events that call others. */
let server: { room(key: string): { hello(): Promise<void> } } | undefined;

class Room {
  @state people: Connection[] = [];
  @state said: string[] = [];
  @event say(text: string) {
    this.said.push(text);
    effect.everyone.toast(text);
  }
  @event hello() {
    effect.toast(`hello from ${current().key}`);
  }
  @event wave() {
    effect.everyone.toast("waves");
  }
  @event poke(index: number, text: string) {
    const person = this.people[index];
    if (person) effect.to(person).toast(text);
  }
  protected onConnect(connection: Connection) {
    this.people.push(connection);
    effect.toast(`welcome, ${this.people.length}`);
  }
}
const stores = { shop: Shop, room: scope.room(Room, { allow: () => true }) };

interface Tab {
  $onEffect(listener: (name: string, args: readonly unknown[]) => void): () => void;
}

/** What the effects of a tab say, in the order in which they take place. */
function hear(client: Tab): unknown[] {
  const heard: unknown[] = [];
  client.$onEffect((_, [what]) => heard.push(what));
  return heard;
}

/** A storage that does something when the next commit is stored, before anybody is told. */
function storageWith(onCommit: () => void): Storage {
  const inner = lasting();
  return {
    ...inner,
    async append(id, commits) {
      await inner.append(id, commits);
      onCommit();
    },
  };
}

const range = (n: number) => Array.from({ length: n }, (_, i) => `${i + 1}`);

describe("effects for the caller", () => {
  test("act after the twin shows the commit, also where the answer brings them", async () => {
    await using net = pair({ stores });
    const a = net.client();
    const shop = await a.shop();
    const seen: unknown[] = [];
    a.$onEffect((_, [what]) => seen.push([what, shop.orders.length]));
    await shop.order("1");
    // Requests get through, and no stream does.
    refuseStreams = true;
    net.break(a);
    await shop.order("2");
    expect(seen).toEqual([
      ["/orders/1", 1],
      ["/orders/2", 2],
    ]);
    refuseStreams = false;
    await net.quiet();
    expect(seen).toHaveLength(2);
  });

  const redirects = process.env.TEST_FULL === undefined ? 100 : 1000;
  test(`${redirects} redirects with the line cut at the commit: each is followed once`, { timeout: 240_000 }, async () => {
    let cut = () => {};
    await using net = pair({ stores, storage: storageWith(() => cut()) });
    const a = net.client();
    const heard = hear(a);
    const shop = await a.shop();
    const ways = [() => net.cut(a), () => net.break(a), () => net.mute(a), () => net.stall(a)];
    for (const n of range(redirects)) {
      cut = () => {
        cut = () => {};
        (ways[Number(n) % ways.length] as () => void)();
      };
      const call = shop.order(n);
      await net.wait(50);
      net.heal(a);
      await call;
    }
    await net.quiet();
    expect(heard).toEqual(range(redirects).map((n) => `/orders/${n}`));
    expect(shop.orders).toEqual(range(redirects));
  });

  test("survive a kill with their commit, at each point of it", async () => {
    for (const point of ["append", "appended", "frame", "answer"] as const) {
      await using net = pair({ stores, storage: lasting() });
      const a = net.client();
      const heard = hear(a);
      const shop = await a.shop();
      await shop.order("1");
      net.kill(point);
      const call = shop.order("2");
      await call;
      await net.quiet();
      expect([point, heard, [...shop.orders]]).toEqual([point, ["/orders/1", "/orders/2"], ["1", "2"]]);
    }
  });

  test("of an event that throws are dropped, apart from those before its last yield", async () => {
    await using net = pair({ stores, log: () => {} });
    const a = net.client();
    const heard = hear(a);
    const shop = await a.shop();
    await expect(shop.fail("1")).rejects.toMatchObject({ code: "INTERNAL" });
    refuseStreams = true;
    net.break(a);
    const call = shop.fail("2");
    const yields: unknown[] = [];
    const failed = (async () => {
      for await (const one of call) yields.push(one);
    })();
    await expect(failed).rejects.toMatchObject({ code: "INTERNAL" });
    expect([heard, yields, [...shop.orders]]).toEqual([["before", "before"], [1], ["1", "2"]]);
    refuseStreams = false;
    await net.quiet();
    expect(heard).toHaveLength(2);
  });

  test("of a background event act after the commit of their update()", async () => {
    await using net = pair({ stores });
    const a = net.client();
    const shop = await a.shop();
    const seen: unknown[] = [];
    a.$onEffect((_, [what]) => seen.push([what, shop.orders.length]));
    await shop.deliver("1");
    expect(seen).toEqual([
      ["sent 1", 1],
      ["sent 1 again", 2],
    ]);
  });

  test("of an event that another scope instance's event calls act in the browser of who called first", async () => {
    await using net = pair({ stores });
    server = net.server;
    const a = net.client();
    const heard = hear(a);
    const shop = await a.shop();
    refuseStreams = true;
    net.break(a);
    await shop.greet("r");
    refuseStreams = false;
    await net.quiet();
    expect(heard).toEqual(["hello from r", "greeted"]);
  });
});

describe("yields", () => {
  test("behaviour 38: 50 yields and 50 effects between them arrive complete and in order", async () => {
    await using net = pair({ stores });
    const a = net.client();
    const all: unknown[] = [];
    a.$onEffect((_, [what]) => all.push(what));
    const shop = await a.shop();
    for await (const one of shop.pack(...range(50))) all.push(one);
    const expected = range(50).flatMap((n) => [`packs ${n}`, n]);
    expect(all.filter((one) => one !== "done")).toEqual(expected);
    expect(all).toContain("done");
  });

  test("behaviour 38: and so they do when the line is cut every now and then, or lets nothing through", async () => {
    for (const seed of [1, 2, 3]) {
      await using net = pair({ stores, seed });
      const a = net.client();
      const heard = hear(a);
      const shop = await a.shop();
      const yields: unknown[] = [];
      const call = shop.pack(...range(50));
      const read = (async () => {
        for await (const one of call) yields.push(one);
      })();
      const ways = [() => net.cut(a), () => net.break(a), () => net.mute(a), () => net.stall(a)];
      for (let i = 0; i < 8; i++) {
        (ways[(i + seed) % 4] as () => void)();
        await net.wait(300);
        net.heal(a);
        await net.wait(300);
      }
      expect(await call).toBe(50);
      await read;
      await net.quiet();
      expect(yields).toEqual(range(50));
      expect(heard).toEqual([...range(50).map((n) => `packs ${n}`), "done"]);
    }
  });

  test("that a cut line has lost come with the next stream, not only at the end", async () => {
    await using net = pair({ stores });
    const a = net.client();
    const shop = await a.shop();
    const yields: unknown[] = [];
    const call = shop.pack(...range(100));
    call.then(() => yields.push("end"));
    void (async () => {
      for await (const one of call) yields.push(one);
    })();
    await net.wait(1000);
    net.cut(a);
    await net.wait(1000);
    net.heal(a);
    await net.wait(3000);
    expect(yields.length).toBeGreaterThan(40);
    expect(yields).not.toContain("end");
    await call;
    await net.quiet();
    expect(yields.filter((one) => one !== "end")).toEqual(range(100));
  });

  test("survive random faults, each once and in order", async () => {
    for (const seed of range(process.env.TEST_FULL === undefined ? 3 : 30)) {
      await using net = pair({ stores, seed: Number(seed), storage: lasting() });
      const a = net.client();
      const heard = hear(a);
      const shop = await a.shop();
      net.storm({ lose: 0.1, "lose answer": 0.1, "cut answer": 0.1, twice: 0.1, late: 0.1, "late answer": 0.1, gateway: 0.05 });
      const calls = range(20).map((n) => (Number(n) % 5 === 0 ? shop.pack(`a${n}`, `b${n}`) : shop.look(n)));
      for (let i = 0; i < 10; i++) {
        await net.wait(200);
        net.break(a);
      }
      await net.quiet();
      await Promise.all(calls);
      const expected = range(20).flatMap((n) => (Number(n) % 5 === 0 ? [`packs a${n}`, `packs b${n}`, "done"] : [`looks at ${n}`]));
      expect([seed, [...heard].sort()]).toEqual([seed, expected.sort()]);
    }
  });
});
