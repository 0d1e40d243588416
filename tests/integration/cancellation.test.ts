import { current, event, state, update } from "twinstate";
import { createTwin, type LogEntry, scope } from "twinstate/server";
import { lasting, type Net, pair as pairOver } from "twinstate/testing";
import { expect, onTestFinished, test } from "vitest";
import { SECRET, serveTwin } from "../kit/app.js";
import { SOCKET_EVENTS, TRANSPORT } from "../kit/transport.js";

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const aborted = (signal: AbortSignal) => new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));

/** Long work, with its progress in the state. */
class Lab {
  @state done: number | null = null;
  @state notes: string[] = [];

  /** Looks at its signal. */
  @event({ background: true, queue: "latest" }) async heedful() {
    const { signal } = current();
    try {
      for (let n = 0; !signal.aborted; n++) {
        await update(() => {
          this.done = n;
        });
        await sleep(20);
      }
    } finally {
      await this.cleanUp("heedful");
    }
  }
  /** Knows nothing of signals. */
  @event({ background: true, queue: "latest" }) async heedless() {
    try {
      for (let n = 0; ; n++) {
        await update(() => {
          this.done = n;
        });
        await sleep(20);
      }
    } finally {
      await this.cleanUp("heedless");
    }
  }
  /** Hands its signal on, made one with another, and is thrown out of what it waits for. */
  @event({ background: true }) async handing() {
    const { signal } = current();
    try {
      await update(() => {
        this.done = 1;
      });
      await aborted(AbortSignal.any([signal, AbortSignal.timeout(3600_000)]));
    } finally {
      await this.cleanUp("handing");
    }
  }
  @event({ background: true }) async *steps() {
    try {
      for (let n = 0; ; n++) {
        await update(() => {
          this.done = n;
        });
        yield n;
        await sleep(20);
      }
    } finally {
      await this.cleanUp("steps");
    }
  }
  /** Comes to its senses much too late. */
  @event({ background: true }) async stubborn() {
    const { signal } = current();
    await update(() => {
      this.done = 1;
    });
    await aborted(signal).catch(() => {});
    for (let n = 0; n < 30 && !enough; n++) {
      await sleep(300);
      await update(() => {
        this.done = n;
      }).catch((error: Error) => refused.push(`${n} ${error.message}`));
    }
  }
  @event note(text: string) {
    this.notes.push(text);
  }
  protected cleanUp(who: string) {
    return update(() => {
      this.done = null;
      this.notes.push(who);
    });
  }
}
let refused: string[] = [];
let enough = false;

const stores = { lab: scope.room(Lab, { allow: () => true }) };
const pair = (logs: LogEntry[] = []): Net<typeof stores> =>
  pairOver({ stores, storage: lasting(), log: (entry) => void logs.push(entry), transport: TRANSPORT, socketEvents: SOCKET_EVENTS });

test.each(["heedful", "heedless", "handing", "steps"] as const)("an event beside the queue that is cancelled cleans up in its `finally`: %s", async (how) => {
  const logs: LogEntry[] = [];
  await using net = pair(logs);
  const lab = await net.client().lab("a");
  const call = lab[how]();
  call.catch(() => {});
  while (!lab.done) await net.wait(10);
  call.cancel();
  await expect(call).rejects.toThrow("The call was cancelled.");
  await net.quiet();
  expect(lab.$snapshot()).toMatchObject({ done: null, notes: [how] });
  expect(await net.server.lab("a").$snapshot()).toMatchObject({ done: null, notes: [how] });
  expect(logs).toEqual([]);
});

test.each(["heedful", "heedless"] as const)("one that a later call has taken the place of cleans up: %s", async (how) => {
  await using net = pair();
  const lab = await net.client().lab("a");
  const first = lab[how]();
  first.catch(() => {});
  while (!lab.done) await net.wait(10);
  const second = lab[how]();
  await expect(first).rejects.toThrow("has taken the place of this one");
  expect(lab.notes).toEqual([how]);
  second.catch(() => {});
  second.cancel();
  await net.quiet();
  expect(lab.$snapshot()).toMatchObject({ done: null, notes: [how, how] });
});

test("one that never looks at its signal writes nothing more of its own", async () => {
  await using net = pair();
  const lab = await net.client().lab("a");
  const call = lab.heedless();
  call.catch(() => {});
  while (!lab.done) await net.wait(10);
  const seen: (number | null)[] = [];
  lab.$subscribe(() => seen.push(lab.done));
  call.cancel();
  await net.wait(10_000);
  // What was on its way still arrives.
  expect(seen.filter((done) => done !== null).length).toBeLessThan(3);
  expect(seen.at(-1)).toBe(null);
});

test("after five seconds it changes nothing more, and the log tells once", async () => {
  refused = [];
  const logs: LogEntry[] = [];
  await using net = pair(logs);
  const lab = await net.client().lab("a");
  const call = lab.stubborn();
  call.catch(() => {});
  while (!lab.done) await net.wait(10);
  call.cancel();
  await expect(call).rejects.toThrow("The call was cancelled.");
  await net.quiet();
  expect(lab.done).toBe(15);
  expect(refused).toHaveLength(14);
  expect(refused[0]).toBe("16 The call was cancelled.");
  const said =
    "`update()` of `lab.stubborn` was refused: the event has known for more than 5 s that it is over. The call was cancelled. Clean up at once, in `finally`.";
  expect(logs.map(({ level, message }) => [level, message])).toEqual([["warn", said]]);
  await lab.note("others go on");
  expect(lab.notes).toEqual(["others go on"]);
});

test.each(["heedful", "handing", "steps"] as const)("one that is cut off as the server closes cleans up before it does: %s", async (how) => {
  const storage = lasting();
  const app = await serveTwin({ stores, storage, closeGrace: 10 });
  const browser = app.visitor();
  const call = browser.callIn("a", `lab.${how}`).catch((error: Error) => error.message);
  await expect.poll(async () => (await app.twin.lab("a").$snapshot()).done).not.toBe(null);
  await app.twin.close();
  expect(await call).toContain("The server ended while this event was running.");
  const next = createTwin({ stores, storage, session: { secret: SECRET }, name: "next" });
  onTestFinished(() => next.close());
  expect(await next.lab("a").$snapshot()).toMatchObject({ done: null, notes: [how] });
});

test("one that goes on when the server has closed changes nothing any more", async () => {
  refused = [];
  const storage = lasting();
  const app = await serveTwin({ stores, storage, closeGrace: 10 });
  const call = app
    .visitor()
    .callIn("a", "lab.stubborn")
    .catch((error: Error) => error.message);
  await expect.poll(async () => (await app.twin.lab("a").$snapshot()).done).not.toBe(null);
  await app.twin.close();
  const next = createTwin({ stores, storage, session: { secret: SECRET }, name: "next" });
  onTestFinished(() => next.close());
  const { done } = await next.lab("a").$snapshot();
  await expect.poll(() => refused.length).toBeGreaterThan(3);
  expect(refused[0]).toContain("The server ended while this event was running.");
  expect((await next.lab("a").$snapshot()).done).toBe(done);
  enough = true;
  await call;
});
