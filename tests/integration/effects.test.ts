import { join } from "node:path";
import { type Connection, current, EventError, effect, event, state, update } from "twinstate";
import { type Storage, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { lasting, pair as pairOver } from "twinstate/testing";
import { describe, expect, test } from "vitest";
import { Follower, serveTwin } from "../kit/app.js";
import { call, openClient, openTwin } from "../kit/client.js";
import { temporaryFolder } from "../kit/files.js";
import { hear } from "../kit/heard.js";
import { Network } from "../kit/network.js";
import { Random } from "../kit/random.js";
import { listen } from "../kit/stream.js";
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
    // What an `update()` that fails has called goes with its changes.
    const failed = update(() => {
      this.orders.push("never");
      effect.toast("never");
      effect.everyone.toast("never");
      throw new Error("no");
    });
    await failed.catch(() => {});
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
  @event tell(text: string) {
    this.said.push(text);
    effect.toast(text);
  }
  @event fill(text: string) {
    this.said.push(text);
  }
  @event({ optimistic: true }) cheer() {
    this.said.push("cheers");
    effect.toast("mine");
    effect.everyone.toast("all");
    if (this.people[0]) effect.to(this.people[0]).toast("one");
  }
  @event lie() {
    this.said.push("no");
    effect.everyone.toast("no");
    throw new EventError("FORBIDDEN", "No.");
  }
  /** By an id: of the nth, or any. */
  @event pokeId(whose: number | string, text: string) {
    effect.to(typeof whose === "number" ? (this.people[whose]?.id ?? "") : whose).toast(text);
  }
  @event poke(index: number, text: string) {
    const person = this.people[index];
    if (person) effect.to(person).toast(text);
  }
  protected onConnect(connection: Connection) {
    this.people.push(connection);
  }
}
/** A room that greets. */
class Hall extends Room {
  protected override onConnect(connection: Connection) {
    super.onConnect(connection);
    effect.toast(`welcome, ${this.people.length}`);
  }
}
const stores = { shop: Shop, room: scope.room(Room, { allow: () => true }), hall: scope.room(Hall, { allow: () => true }) };

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
  test("act in the order of the calls, also where the answer of an earlier one is lost", async () => {
    await using net = pair({ stores });
    const a = net.client();
    const shop = await a.shop();
    const heard = hear(a);
    refuseStreams = true;
    net.break(a);
    net.next(a, "lose answer");
    const first = shop.look("1");
    await net.wait(1);
    const second = shop.look("2");
    await net.wait(1);
    await Promise.all([shop.pack("3"), first, second]);
    expect(heard).toEqual(["looks at 1", "looks at 2", "packs 3", "done"]);
    refuseStreams = false;
    await net.quiet();
  });

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
    await net.wait(100);
    await shop.order("2");
    expect(seen).toEqual([
      ["/orders/1", 1],
      ["/orders/2", 2],
    ]);
    refuseStreams = false;
    await net.quiet();
    expect(seen).toHaveLength(2);
  });

  test("wait for the snapshot that takes the place of a slow reader's frames, also while the host goes on to commit", async () => {
    await using net = pair({ stores, storage: lasting(), maxQueued: 3000, latency: [1, 2], eventRate: 10_000, maxPending: 5000 });
    const [a, b] = [net.client(), net.client()];
    const [busy, room] = await Promise.all([a.room("r"), b.room("r")]);
    const seen: unknown[] = [];
    b.$onEffect((_, [what]) => seen.push([what, room.said.includes(what as string)]));
    await net.quiet();
    net.stall(b);
    let open = true;
    const writing = (async () => {
      while (open) {
        void busy.fill("x".repeat(500));
        await net.wait(1);
      }
    })();
    const calls: Promise<unknown>[] = [];
    for (const n of range(10)) {
      calls.push(room.tell(n));
      await net.wait(100);
    }
    net.heal(b);
    await Promise.all(calls);
    open = false;
    await writing;
    await net.quiet();
    expect(seen.sort()).toEqual(
      range(10)
        .sort()
        .map((n) => [n, true]),
    );
  });

  const redirects = process.env.TEST_FULL === undefined ? 40 : 1000;
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

  for (const [name, open] of [
    ["a storage in memory that outlives the server", lasting] as const,
    ["sqlite", () => sqlite(join(temporaryFolder(), "twin.db"))] as const,
  ]) {
    test(`survive a kill with their commit, at each point of it (${name})`, async () => {
      for (const point of ["append", "appended", "frame", "answer"] as const) {
        await using net = pair({ stores, storage: open() });
        const a = net.client();
        const heard = hear(a);
        const shop = await a.shop();
        await shop.order("1");
        net.kill(point);
        await shop.order("2");
        await net.quiet();
        expect([point, heard, [...shop.orders]]).toEqual([point, ["/orders/1", "/orders/2"], ["1", "2"]]);
      }
    });
  }

  test("and yields that nobody has had survive a kill at the last commit", async () => {
    let commits = 0;
    await using net = pair({
      stores,
      storage: storageWith(() => {
        if (++commits === 4) net.kill();
      }),
    });
    const a = net.client();
    const heard = hear(a);
    const shop = await a.shop();
    net.mute(a);
    const call = shop.pack("1", "2", "3");
    const yields: unknown[] = [];
    const read = (async () => {
      for await (const one of call) yields.push(one);
    })();
    await net.wait(500);
    net.heal(a);
    await net.quiet();
    expect([await call, await read, yields, heard]).toEqual([3, undefined, ["1", "2", "3"], ["packs 1", "packs 2", "packs 3", "done"]]);
  });

  test("of an event that throws are dropped, apart from those before its last yield", async () => {
    await using net = pair({ stores, log: () => {} });
    const a = net.client();
    const heard = hear(a);
    const shop = await a.shop();
    await expect(shop.fail("1")).rejects.toMatchObject({ code: "INTERNAL" });
    refuseStreams = true;
    net.break(a);
    await net.wait(100);
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
    await net.wait(100);
    await shop.greet("r");
    refuseStreams = false;
    await net.quiet();
    expect(heard).toEqual(["hello from r", "greeted"]);
  });
});

test("effects of a message act once and in their place, also where a kill has its event run again", async () => {
  for (const at of [1, 2, 3, 4]) {
    let commits = 0;
    await using net = pair({
      stores,
      storage: storageWith(() => {
        if (++commits === at) net.kill();
      }),
    });
    const a = net.client();
    const heard = hear(a);
    const shop = await a.shop();
    // After a kill there is another server.
    server = { room: (key) => net.server.room(key) };
    await shop.greet("r");
    await net.quiet();
    expect([at, heard]).toEqual([at, ["hello from r", "greeted"]]);
  }
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

describe("on the wire", () => {
  const pairs = (answer: { value: unknown }) => answer.value as { y?: number; o?: unknown[]; h: number | null };

  test("an answer brings the items that no stream has brought, and those that are asked for, until the client has confirmed them", async () => {
    const { visitor } = await serveTwin({ stores });
    const one = visitor();
    const all = [1, ["effect", "toast", [[], [["a", 1, [1], ["packs a"]]]]], ["yield", ["a"]], ["effect", "toast", [[], [["a", 1, [1], ["done"]]]]]];
    const [first, second] = await Promise.all([one.number("shop.pack", 1, ["a"]), one.number("shop.pack", 1, ["a"])]);
    expect([pairs(first as never), pairs(second as never)]).toMatchObject([
      { y: 3, o: all },
      { y: 3, o: all },
    ]);
    expect(pairs(await one.number("shop.pack", 1, ["a"], { y: 2 })).o).toEqual([3, all[3]]);
    expect(pairs(await one.number("shop.pack", 1, ["a"], { y: 3 })).o).toBe(undefined);
    const live = await one.connect(1, { store: "shop" });
    await live.state("shop");
    const again = pairs(await one.number("shop.pack", 1, ["a"]));
    expect([again.y, again.o]).toEqual([3, undefined]);
    await one.number("shop.look", 2, ["b"], { seen: 1 });
    expect(await live.until(([kind]) => kind === "effect")).toEqual(["effect", "toast", [[], [["a", 1, [1], ["looks at b"]]]], expect.any(String), 2, 1]);
    expect(await one.number("shop.pack", 1, ["a"])).toMatchObject({ error: { code: "UNKNOWN_OUTCOME" } });
  });

  test("a stream that comes while the event runs brings what it is asked for", async () => {
    const { visitor } = await serveTwin({ stores });
    const one = visitor();
    await one.call("shop.look", "a");
    const answer = one.number("shop.pack", 1, [..."abcdefghij"]);
    const live = await one.connect(1, { store: "shop" });
    await live.state("shop", ({ orders }) => orders.length >= 3);
    const again = one.number("shop.pack", 1, [..."abcdefghij"], { y: 1 });
    expect(await live.until(([kind, , , k]) => kind === "yield" && k === 2)).toEqual(["yield", expect.any(String), 1, 2, ["a"]]);
    expect(pairs(await again).o?.[0]).toBe(2);
    await answer;
  });

  test("a failed event says what it had done before", async () => {
    const { visitor } = await serveTwin({ stores, log: () => {} });
    const { error } = await visitor().number("shop.fail", 1, ["a"]);
    expect(error).toMatchObject({ code: "INTERNAL", done: { h: null, r: 1, y: 2, o: [1, ["effect", "toast", expect.anything()], ["yield", [1]]] } });
  });

  test("letters are repeated until `got` confirms them", async () => {
    const { visitor } = await serveTwin({ stores });
    const one = visitor();
    const open = async (epoch: number, got?: string) => {
      const { value } = await one.ask("$connect", { protocol: 2, client: one.client, epoch, watch: [{ store: "hall", key: "r" }], got });
      const follower = new Follower(listen(one.url, value, one.jar));
      await follower.state("hall");
      return follower;
    };
    const letter = await (await open(1)).until(([kind]) => kind === "effect");
    const again = await (await open(2)).until(([kind]) => kind === "effect");
    expect([letter, again]).toEqual([letter, letter]);
    expect(letter).toEqual(["effect", "toast", expect.anything(), expect.stringMatching(/^[\w-]+\.\d+$/)]);
    const third = await open(3, letter[3] as string);
    await one.callIn("r", "hall.pokeId", 0, "last");
    const [, , args] = await third.until(([kind]) => kind === "effect");
    expect(JSON.stringify(args)).toContain("last");
    const fourth = await one.ask("$connect", { protocol: 2, client: one.client, epoch: 4, watch: [], got: "what" });
    expect(fourth.error).toMatchObject({ code: "INVALID" });
  });
});

describe("over HTTP", () => {
  test("redirects are followed once, and yields come once, on a network that loses, doubles and delays requests and cuts streams", {}, async () => {
    const { site } = await serveTwin({ stores });
    const network = new Network();
    const client = openClient(site.url, { line: network });
    const heard: unknown[] = [];
    client.onEffect((_, [what]) => heard.push(what));
    const shop = await openTwin(client, "shop");
    network.random = new Random(7);
    const calls: PromiseLike<unknown>[] = [];
    const yields: unknown[] = [];
    for (const n of range(30)) {
      calls.push(call(shop, "order", n));
      if (Number(n) % 3 === 0) network.cut();
      await pause(10);
    }
    const packed = call(shop, "pack", "a", "b", "c", "d") as unknown as AsyncIterable<unknown> & PromiseLike<unknown>;
    const read = (async () => {
      for await (const one of packed) yields.push(one);
    })();
    await pause(150);
    network.cut();
    await Promise.all([...calls, packed, read]);
    expect(yields).toEqual(["a", "b", "c", "d"]);
    const expected = [...range(30).map((n) => `/orders/${n}`), "packs a", "packs b", "packs c", "packs d", "done"];
    expect([...heard].sort()).toEqual(expected.sort());
  });
});

describe("effects for all who watch", () => {
  test("act in every browser that watches, once, with the frame of their commit, and in no other", async () => {
    await using net = pair({ stores });
    const [a, b, c] = [net.client(), net.client(), net.client()];
    const [rooms] = [await Promise.all([a.room("r"), b.room("r"), c.room("other")])];
    await net.quiet();
    const seen = [a, b, c].map((client, i) => {
      const heard: unknown[] = [];
      client.$onEffect((_, [what]) => heard.push([what, rooms[i]?.said.length]));
      return heard;
    });
    await rooms[0]?.say("hello");
    await rooms[1]?.wave();
    await net.quiet();
    const told = [
      ["hello", 1],
      ["waves", 1],
    ];
    expect(seen).toEqual([told, told, []]);
  });

  test("come once to those whose line was cut, with what they missed", async () => {
    for (const seed of [1, 2, 3, 4]) {
      await using net = pair({ stores, seed, storage: lasting() });
      const [a, b] = [net.client(), net.client()];
      const heard = hear(b);
      const [room] = await Promise.all([a.room("r"), b.room("r")]);
      await net.quiet();
      heard.length = 0;
      const ways = [() => net.cut(b), () => net.break(b), () => net.mute(b), () => net.break(a)];
      for (const n of range(20)) {
        (ways[(Number(n) + seed) % 4] as () => void)();
        await (Number(n) % 3 === 0 ? room.wave() : room.say(n));
        await net.wait(20);
        net.heal(b);
        if (Number(n) % 2) await net.wait(500);
      }
      await net.quiet();
      expect([seed, heard]).toEqual([seed, range(20).map((n) => (Number(n) % 3 === 0 ? "waves" : n))]);
    }
  });

  test("come once to the caller, with the answer where no stream is open, and again by no stream", async () => {
    await using net = pair({ stores });
    const a = net.client();
    const room = await a.room("r");
    await net.quiet();
    const heard = hear(a);
    refuseStreams = true;
    net.break(a);
    await net.wait(100);
    await room.say("1");
    await room.wave();
    refuseStreams = false;
    await net.quiet();
    await room.say("2");
    await net.quiet();
    expect(heard).toEqual(["1", "waves", "2"]);
  });

  test("come to a slow reader too, whose frames a snapshot takes the place of", async () => {
    await using net = pair({ stores, maxQueued: 3000 });
    const [a, b] = [net.client(), net.client()];
    const [room, other] = await Promise.all([a.room("r"), b.room("r")]);
    await net.quiet();
    const heard = hear(b);
    net.stall(b);
    for (const n of range(10)) await room.say(n);
    // More than may wait.
    for (const n of range(20)) await room.fill(n.repeat(100));
    await net.quiet();
    expect([heard, other.said.length]).toEqual([range(10), 30]);
  });

  test("take no revision where nobody watches", async () => {
    await using net = pair({ stores });
    await net.server.room("r").wave();
    await net.server.room("r").wave();
    const a = net.client();
    const room = await a.room("r");
    const heard = hear(a);
    await net.quiet();
    await room.wave();
    expect([heard.filter((one) => one === "waves"), room.said.length]).toEqual([["waves"], 0]);
  });

  test("and all others do nothing in a predicted run, and act once after it", async () => {
    await using net = pair({ stores, browser: { stores: { room: Room } } });
    const a = net.client();
    const room = await a.room("r");
    await net.quiet();
    const heard = hear(a);
    const call = room.cheer();
    await call.local;
    expect([[...room.said], heard]).toEqual([["cheers"], []]);
    await call;
    await net.quiet();
    expect([[...room.said], [...heard].sort()]).toEqual([["cheers"], ["all", "mine", "one"]]);
  });

  test("of an event that throws are dropped", async () => {
    await using net = pair({ stores });
    const a = net.client();
    const room = await a.room("r");
    await net.quiet();
    const heard = hear(a);
    await expect(room.lie()).rejects.toMatchObject({ code: "FORBIDDEN" });
    await net.quiet();
    expect(heard).toEqual([]);
  });
});

describe("letters", () => {
  test("of onConnect come to the tab that has come", async () => {
    await using net = pair({ stores });
    const [a, b] = [net.client(), net.client()];
    const heard = [hear(a), hear(b)];
    await a.hall("r");
    await b.hall("r");
    await net.quiet();
    expect(heard).toEqual([["welcome, 1"], ["welcome, 2"]]);
  });

  test("of effect.to(connection) come to one tab, of another session, by the connection that state has kept or by its id", async () => {
    await using net = pair({ stores });
    const [a, b] = [net.client(), net.client()];
    const other = net.tab(b);
    const room = await a.room("r");
    await b.room("r");
    await other.room("r");
    await net.quiet();
    const heard = [a, b, other].map(hear);
    await room.poke(1, "hello");
    await room.pokeId(2, "hi");
    await net.quiet();
    expect(heard).toEqual([[], ["hello"], ["hi"]]);
  });

  test("are repeated until the tab has them, and act once", async () => {
    await using net = pair({ stores });
    const [a, b] = [net.client(), net.client()];
    const room = await a.room("r");
    await b.room("r");
    await net.quiet();
    const heard = hear(b);
    const ways = [() => net.cut(b), () => net.break(b), () => net.mute(b), () => {}];
    for (const n of range(20)) {
      (ways[Number(n) % 4] as () => void)();
      await room.poke(1, n);
      await net.wait(20);
      net.heal(b);
      if (Number(n) % 2) await net.wait(700);
    }
    await net.quiet();
    expect(heard).toEqual(range(20));
  });

  test("for a tab that is away are kept, a hundred at most, and for a minute", async () => {
    await using net = pair({ stores });
    const [a, b] = [net.client(), net.client()];
    const room = await a.room("r");
    await b.room("r");
    await net.quiet();
    const heard = hear(b);
    net.cut(b);
    for (const n of range(120)) await room.poke(1, n);
    await net.wait(30_000);
    net.heal(b);
    await net.quiet();
    expect(heard).toEqual(range(120).slice(20));
    heard.length = 0;
    net.cut(b);
    await net.wait(30_000);
    await room.poke(1, "late");
    await net.wait(70_000);
    await room.poke(1, "in time");
    net.heal(b);
    await net.quiet();
    expect(heard.at(-1)).toBe("in time");
  });

  test("that a page has had do not act again on the next page of its tab", async () => {
    await using net = pair({ stores });
    const [a, b] = [net.client(), net.client()];
    const room = await a.room("r");
    await b.room("r");
    await net.quiet();
    const heard = hear(b);
    await room.poke(1, "1");
    await net.wait(100);
    const next = net.reload(b);
    const again = hear(next);
    await next.room("r");
    await net.quiet();
    await room.poke(1, "2");
    await net.quiet();
    expect([heard, again]).toEqual([["1"], ["2"]]);
  });

  test("are how the effects of an earlier page's call come to the page that the tab has", async () => {
    await using net = pair({ stores });
    const a = net.client();
    const shop = await a.shop();
    const heard = hear(a);
    const call = shop.pack("1", "2", "3");
    call.then(undefined, () => {});
    await net.wait(50);
    const next = net.reload(a);
    const later = hear(next);
    const shown = await next.shop();
    await net.wait(1000);
    await net.quiet();
    expect([heard, later, [...shown.orders]]).toEqual([["packs 1"], ["packs 2", "packs 3", "done"], ["1", "2", "3"]]);
  });

  test("to an unknown tab are no error, and what is no connection is", async () => {
    await using net = pair({ stores });
    const a = net.client();
    const room = await a.room("r");
    await room.pokeId("nobody", "hello");
    await expect(room.pokeId(null as never, "hello")).rejects.toMatchObject({ code: "INTERNAL" });
    await net.quiet();
  });
});
