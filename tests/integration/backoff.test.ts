import { event, state } from "twinstate";
import { pair } from "twinstate/testing";
import { expect, test } from "vitest";

// How long clients wait before they try again: about as long as the trouble has lasted, whatever has failed meanwhile.

class Log {
  @state lines: string[] = [];
  @event add(line: string) {
    this.lines.push(line);
  }
}
const seeds = Array.from({ length: 20 }, (_, i) => i + 1);

/** How long a promise takes in a pair's time, in ms. */
async function taken(net: { readonly now: number; wait(ms: number): Promise<void> }, promise: Promise<unknown>): Promise<number> {
  const begun = net.now;
  let over = false;
  void promise.finally(() => {
    over = true;
  });
  while (!over) await net.wait(10);
  return net.now - begun;
}

test("calls that fail together have failed once: an outage of two seconds is over for them within one and a half", async () => {
  const pauses: number[] = [];
  for (const seed of seeds) {
    let down = false;
    const wrapFetch = (get: typeof fetch): typeof fetch => {
      return async (input, init) => {
        if (down && String(input).includes("log.add")) throw new TypeError("fetch failed");
        return get(input, init);
      };
    };
    await using net = pair({ stores: { log: Log }, seed, wrapFetch });
    const log = await net.client().log();
    down = true;
    const calls: Promise<unknown>[] = [];
    for (let n = 0; n < 40; n++) {
      calls.push(log.add(`${n}`));
      await net.wait(50);
    }
    down = false;
    pauses.push(await taken(net, Promise.all(calls)));
    expect(log.lines).toHaveLength(40);
  }
  expect(Math.max(...pauses)).toBeLessThan(1500);
});

test("streams that break every two seconds are asked for at once: what ends after it has lasted is no failure", async () => {
  const pauses: number[] = [];
  for (const seed of seeds) {
    await using net = pair({ stores: { log: Log }, seed });
    const client = net.client();
    const log = await client.log();
    for (let n = 0; n < 10; n++) {
      net.break(client);
      pauses.push(await taken(net, log.add(`${n}`)));
      await net.wait(2000);
    }
    expect(log.lines).toHaveLength(10);
  }
  expect(Math.max(...pauses)).toBeLessThan(1000);
});
