import { setImmediate as turn } from "node:timers/promises";
import { autorun } from "mobx";
import { event, state } from "twinstate";
import { pair } from "twinstate/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { createClient } from "../../client/client.js";
import { engine } from "../../client/lazy-prediction.js";
import type { BrowserClasses } from "../../client/options.js";
import type { WireEvent } from "../../lib/class/schema.js";
import { call, liveOf, shown } from "../kit/client.js";
import { scripted } from "../kit/scripted.js";

class Room {
  @state title = "";
  @state({ persist: false }) typing = 0;
  @event({ optimistic: true }) type() {
    this.typing++;
  }
  @event({ optimistic: true }) both() {
    this.typing++;
    this.title += "!";
  }
}

const ROOM = (title: string) => [["", "title"], 1, [0, 1], [["c", 1, 0, [1], [title]]]];
const TYPING = (typing: number) => [
  ["typing"],
  2,
  [0, 2],
  [
    ["m", 1, [1], [0], [[]]],
    ["o", 1, [0], [typing]],
  ],
];
const hello = (event: WireEvent = {}) => {
  const room = { scope: "session", fields: ["title", "typing"], computeds: [], events: { type: event, both: event } };
  return ["hello", { protocol: 2, build: null, schema: { hash: "h", stores: { room }, models: {} }, heartbeat: 15, session: "session" }];
};
const volatile = (typing: number, tick: number, revision: number, ended = 0) => ["volatile", 1, tick, "room", TYPING(typing), "i", revision, ended];
const snapshot = (title: string, revision: number, ended = 0) => ["snapshot", 1, "room", null, "i", revision, ROOM(title), ended];
const type = (typing: number) => [0, 1, 0, typing];
const entitle = (title: string) => [0, 0, 1, title];

/** A client of a scripted server that shows a room: revision 1, tick 5. */
async function room(classes: BrowserClasses = {}, declared: WireEvent = {}) {
  const server = scripted("room", ["type", "both"]);
  const client = createClient({ url: "http://scripted/twin", fetch: server.fetch, ...classes });
  onTestFinished(() => client.close());
  const twin = client.twin("room");
  twin.use();
  while (server.watched.length === 0) await turn();
  server.say(hello(declared), volatile(1, 5, 1), snapshot("hall", 1));
  await twin.ready;
  const states: unknown[] = [];
  const live = liveOf(twin) as Room;
  onTestFinished(autorun(() => void states.push(`${live.title} ${live.typing}`)));
  /** A new stream, as the client has asked for it. */
  const again = async (...messages: unknown[]) => {
    const asked = server.watched.length;
    server.cut();
    while (server.watched.length === asked) await turn();
    server.say(hello(declared), ...messages);
  };
  /** The next call of the client, as it reaches the server. */
  const next = async () => {
    while (server.calls.length === 0) await turn();
    return server.calls.shift() as (typeof server.calls)[number];
  };
  return { server, client, twin, states, again, next };
}

/** Whether a promise has settled, once everything that is on its way has arrived. */
async function settled(promise: PromiseLike<unknown>): Promise<boolean> {
  let over = false;
  promise.then(() => (over = true));
  for (let i = 0; i < 20; i++) await turn();
  return over;
}

describe("the volatile state", () => {
  test("shows with the state of its store, as one change", async () => {
    const { server, twin, states } = await room();
    expect(states).toEqual(["hall 1"]);
    server.say([1, 2, "room", entitle("yard"), "$tick", [6, "room", type(2)]], ["tick", 1, 7, "room", type(3)]);
    await shown<Room>(twin, ({ typing }) => typing === 3);
    expect(states).toEqual(["hall 1", "yard 2", "yard 3"]);
  });

  test("skips ticks that it has, also in frames and where a frame is not new", async () => {
    const { server, twin, states } = await room();
    server.say(["tick", 1, 5, "room", type(9)], ["tick", 1, 4, "room", type(9)], [1, 2, "room", entitle("yard"), "$tick", [5, "room", type(9)]]);
    server.say([1, 2, "room", entitle("no"), "$tick", [6, "room", type(2)]], ["tick", 1, 8], ["tick", 1, 7, "room", type(9)]);
    server.say([1, 3, "room", entitle("end"), 1, "$tick", [9, "room", type(3)], 1, "room", entitle("end!"), "$tick", [10, "room", type(4)]]);
    await shown<Room>(twin, ({ title }) => title === "end!");
    expect(states).toEqual(["hall 1", "yard 1", "yard 2", "end! 4"]);
  });

  test("takes the place of ticks, and of a snapshot before, with the frame or snapshot to which it belongs", async () => {
    const { server, twin, states } = await room();
    server.say(volatile(2, 6, 1), volatile(4, 8, 3), [1, 2, "room", entitle("yard"), "$tick", [7, "room", type(3)]], [1, 3, "room", entitle("roof")]);
    server.say(volatile(6, 9, 4), snapshot("end", 4), ["tick", 1, 10, "room", type(7)]);
    await shown<Room>(twin, ({ typing }) => typing === 7);
    expect(states).toEqual(["hall 1", "hall 2", "roof 4", "end 6", "end 7"]);
  });

  test("has the frames wait that come before the one to which it belongs, as they would show a part of what has changed", async () => {
    const { server, twin, states, again } = await room();
    await again(volatile(9, 20, 4), ["resume", 1, "room", null, "i", 1]);
    server.say([1, 2, "room", entitle("yard"), "$tick", [18, "room", type(7)]], [1, 3, "room", entitle("roof"), "$tick", [19, "room", type(8)]]);
    server.say([1, 4, "room", entitle("end"), "$tick", [20, "room", type(9)]], ["tick", 1, 21, "room", type(10)]);
    await shown<Room>(twin, ({ typing }) => typing === 10);
    expect(states).toEqual(["hall 1", "end 9", "end 10"]);
    // A yield may name what they bring, and a lost line brings it once more.
    server.say(volatile(11, 24, 7), [1, 5, "room", entitle("five"), "$tick", [22, "room", type(0)]], ["yield", "i", 1, 1, ["x"]]);
    await shown<Room>(twin, ({ title }) => title === "five");
    server.say([1, 6, "room", entitle("never")]);
    await again(volatile(12, 1, 6), ["resume", 1, "room", null, "i", 5], [1, 6, "room", entitle("six")]);
    await shown<Room>(twin, ({ title }) => title === "six");
    expect(states.slice(3)).toEqual(["five 10", "six 12"]);
  });

  test("of a page does not take the place of the stream's, whose ticks go on from its own", async () => {
    const { server, client, twin, states } = await room();
    const page = { store: "room", key: null, incarnation: "i", revision: 2, snapshot: ROOM("yard"), volatile: TYPING(7) };
    client.preload({ schema: { hash: "h", stores: {}, models: {} }, session: "session", stores: [page] });
    server.say([1, 2, "room", entitle("yard"), "$tick", [6, "room", type(6)]], ["tick", 1, 7, "room", type(7)]);
    await shown<Room>(twin, ({ typing }) => typing === 7);
    expect(states).toEqual(["hall 1", "yard 6", "yard 7"]);
  });

  test("begins anew with a resume, lower ticks and frames to come included", async () => {
    const { server, twin, states, again } = await room();
    server.say([1, 2, "room", entitle("yard")], ["tick", 1, 50, "room", type(2)]);
    await shown<Room>(twin, ({ typing }) => typing === 2);
    await again(volatile(3, 2, 3), ["resume", 1, "room", null, "i", 2], ["tick", 1, 2], [1, 3, "room", entitle("roof")], ["tick", 1, 3, "room", type(4)]);
    await shown<Room>(twin, ({ typing }) => typing === 4);
    expect(states).toEqual(["hall 1", "yard 1", "yard 2", "roof 3", "roof 4"]);
    // A host without volatile state sends none.
    await again(["resume", 1, "room", null, "i", 3]);
    await shown<Room>(twin, ({ typing }) => typing === undefined);
  });

  test("stays through a snapshot at the revision that shows, for another life of the host", async () => {
    const { server, twin, states } = await room();
    server.say(volatile(2, 1, 1), snapshot("hall", 1), ["tick", 1, 2, "room", type(3)]);
    await shown<Room>(twin, ({ typing }) => typing === 3);
    expect(states).toEqual(["hall 1", "hall 2", "hall 3"]);
  });

  test("is asked for anew where a tick does not fit", async () => {
    const { server, twin, states } = await room();
    server.say(["tick", 1, 6, "room", [0, 7, 0, 1]], ["tick", 1, 7, "room", type(9)]);
    while (server.watched.length === 1) await turn();
    expect(server.watched[1]).toEqual([{ store: "room" }]);
    server.say(volatile(3, 8, 1), snapshot("hall", 1));
    await shown<Room>(twin, ({ typing }) => typing === 3);
    expect(states).toEqual(["hall 1", "hall 3"]);
  });
});

describe("a call", () => {
  test("resolves once its tick shows", async () => {
    const { server, twin, next } = await room();
    const done = call(twin, "type");
    (await next()).answer({ t: 7 });
    server.say(["tick", 1, 6, "room", type(2)]);
    expect(await settled(done)).toBe(false);
    server.say(["tick", 1, 7]);
    await done;
    const early = call(twin, "type");
    server.say(["tick", 1, 8, "room", type(3)]);
    await shown<Room>(twin, ({ typing }) => typing === 3);
    (await next()).answer({ t: 8 });
    await early;
  });

  test("resolves with the state of the next stream, where its stream was lost, and of a later life of the host", async () => {
    const { server, twin, states, again, next } = await room();
    const done = call(twin, "type");
    (await next()).answer({ t: 70 });
    expect(await settled(done)).toBe(false);
    await again(volatile(3, 1, 2), ["resume", 1, "room", null, "i", 1]);
    expect(await settled(done)).toBe(false);
    server.say([1, 2, "room", entitle("yard")]);
    await done;
    expect(states).toEqual(["hall 1", "yard 3"]);
    const other = call(twin, "type");
    (await next()).answer({ t: 70 });
    expect(await settled(other)).toBe(false);
    server.say(["volatile", 2, 1, "room", TYPING(4), "i", 3], ["snapshot", 2, "room", null, "i", 3, ROOM("roof")]);
    await other;
    expect(states.at(-1)).toBe("roof 4");
  });

  test("resolves where its tick has come before the store, which has no volatile state", async () => {
    const { server, twin, next } = await room();
    const done = call(twin, "type");
    (await next()).answer({ t: 7, r: 2 });
    expect(await settled(done)).toBe(false);
    server.say(["tick", 1, 7], ["hello", (hello() as unknown[])[1]], snapshot("yard", 2));
    await done;
    expect(twin.mirror.view()).toEqual({ title: "yard" });
  });

  test("brings the volatile state with its answer, where there is no stream", async () => {
    const { server, twin, states, again, next } = await room();
    server.cut();
    const done = call(twin, "type");
    const f = [
      ["volatile", 0, 6, "room", TYPING(2), "i", 1],
      ["volatile", 0, 6, "other", TYPING(2), "i", 1],
    ];
    (await next()).answer({ h: null, t: 6, f: f as never });
    await done;
    const both = call(twin, "both");
    // Ticks of such frames do not count: they have gaps.
    const frames = [
      ["volatile", 0, 9, "room", TYPING(5), "i", 3],
      [0, 2, "room", entitle("yard"), "$tick", [7, "room", type(9)]],
      [0, 3, "room", entitle("roof")],
    ];
    (await next()).answer({ h: null, t: 9, r: 3, f: frames as never });
    await both;
    expect(states).toEqual(["hall 1", "hall 2", "yard 2", "roof 5"].filter((one) => one !== "yard 2"));
    await again(volatile(6, 10, 3), ["resume", 1, "room", null, "i", 3]);
    await shown<Room>(twin, ({ typing }) => typing === 6);
  });

  test("whose answer is late does not take the stream's state back", async () => {
    const { server, twin, states, next } = await room();
    const done = call(twin, "type");
    server.say(["tick", 1, 8, "room", type(4)]);
    (await next()).answer({ h: null, t: 6, f: [["volatile", 0, 6, "room", TYPING(2), "i", 1]] as never });
    await done;
    server.say(["tick", 1, 9, "room", type(5)]);
    await shown<Room>(twin, ({ typing }) => typing === 5);
    expect(states).toEqual(["hall 1", "hall 4", "hall 5"]);
  });
});

describe("a prediction", () => {
  const known = { stores: { room: Room } };
  const optimistic = { optimistic: true } as const;

  const predicting = async () => {
    await engine.load();
    return room(known, optimistic);
  };

  test("ends with the tick that has its event, whether the answer comes before or after it: nothing shows twice", async () => {
    const { server, twin, states, next } = await predicting();
    const one = call(twin, "type");
    const other = call(twin, "type");
    const [first, second] = [await next(), await next()];
    server.say(["ran", 1, first.call.n], ["tick", 1, 6, "room", type(2)]);
    await shown<Room>(twin, ({ typing }) => typing === 3);
    expect(states).toEqual(["hall 1", "hall 2", "hall 3"]);
    first.answer({ t: 6 });
    second.answer({ t: 7 });
    await one;
    expect(await settled(other)).toBe(false);
    server.say(["ran", 1, second.call.n], ["tick", 1, 7, "room", type(3)]);
    await other;
    expect(states).toEqual(["hall 1", "hall 2", "hall 3"]);
  });

  test("ends with the frame that has the tick of its event, and is run again on what others do", async () => {
    const { server, twin, states, next } = await predicting();
    const one = call(twin, "both");
    const { call: numbered, answer } = await next();
    server.say(["tick", 1, 6, "room", type(10)]);
    await shown<Room>(twin, ({ typing }) => typing === 11);
    server.say(["ran", 1, numbered.n], [1, 2, "room", entitle("hall!"), "$tick", [7, "room", type(11)]]);
    answer({ r: 2, t: 7 });
    await one;
    expect(states).toEqual(["hall 1", "hall! 2", "hall! 11"]);
  });

  test("ends with the whole state that has its event: after a resume, and with an answer where there is no stream", async () => {
    const { server, twin, states, again, next } = await predicting();
    const one = call(twin, "type");
    const { call: numbered, answer } = await next();
    await again(volatile(2, 6, 1, numbered.n), ["resume", 1, "room", null, "i", 1], ["tick", 1, 7, "room", type(3)], [1, 2, "room", entitle("end")]);
    await shown<Room>(twin, ({ title }) => title === "end");
    expect(states).toEqual(["hall 1", "hall 2", "hall 3", "end 3"]);
    answer({ t: 6 });
    (await next()).answer({ t: 6, r: 2 });
    await one;
    server.cut();
    const other = call(twin, "type");
    const { call: second, answer: last } = await next();
    last({ h: null, t: 9, r: 2, f: [["volatile", 0, 9, "room", TYPING(4), "i", 2, second.n]] as never });
    await other;
    expect(states).toEqual(["hall 1", "hall 2", "hall 3", "end 3", "end 4"]);
  });

  test("ends at its answer where the event is refused, or changes something else", async () => {
    const { server, twin, states, next } = await predicting();
    const one = call(twin, "type");
    (await next()).answer({});
    await one;
    expect(states).toEqual(["hall 1", "hall 2", "hall 1"]);
    server.say(["tick", 1, 6, "room", type(5)]);
    await shown<Room>(twin, ({ typing }) => typing === 5);
  });
});

test("an object in volatile state has no events, and says so", async () => {
  class Guest {
    @state waves = 0;
    @event wave() {
      this.waves++;
    }
  }
  class Hall {
    @state host = new Guest();
    @state({ persist: false }) guest = new Guest();
  }
  await using net = pair({ stores: { hall: Hall }, models: { Guest }, log: () => {} });
  const hall = await net.client().hall();
  await hall.host.wave();
  await expect(hall.guest.wave()).rejects.toThrow(/`persist: false`.*hold those that have some in a field that is stored/);
  expect(hall.$snapshot()).toEqual({ host: { waves: 1 }, guest: { waves: 0 } });
});
