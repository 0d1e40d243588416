import fc from "fast-check";
import { computed, EventError, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { pair } from "twinstate/testing";
import { expect, test } from "vitest";

const runs = process.env.TEST_FULL === undefined ? 40 : 1000;
const seed = Number(process.env.SEED ?? 1);

/** All happens at times that are so far apart that messages have arrived between them, in ms. */
const STEP = 200;

/** When the first step began, in ms. */
let began = 0;

/** How the getter's runs of one city go: how many steps they take, and whether they fail. */
const CITIES = Array.from({ length: 12 }, (_, n) => ({ name: `city ${n}`, steps: (n * 5) % 7, fails: n % 4 === 3 }));

class Sky {
  @state city = 0;
  @state other = 0;
  @computed get weather(): Promise<string> {
    const { name, steps, fails } = CITIES[this.city] as (typeof CITIES)[number];
    return new Promise((resolve, reject) => {
      const end = () => (fails ? reject(new EventError("NO_STATION", name)) : resolve(`weather of ${name}`));
      // In the middle of this step, or of a later one.
      setTimeout(end, steps * STEP + STEP / 2 - ((Date.now() - began) % STEP));
    });
  }
  @event move(city: number) {
    this.city = city;
  }
  @event touch() {
    this.other++;
  }
}

/** What clients have to see once messages have arrived. */
class Oracle {
  city = 0;
  value: string | undefined = undefined;
  error: string | undefined = undefined;
  /** In how many steps the last run ends. */
  left: number | undefined = CITIES[0]?.steps;

  move(city: number) {
    if (city === this.city) return;
    this.city = city;
    this.left = CITIES[city]?.steps;
  }
  /** The middle of a step comes, at which runs end. */
  pass() {
    if (this.left === undefined || this.left-- > 0) return;
    const { name, fails } = CITIES[this.city] as (typeof CITIES)[number];
    this.left = undefined;
    if (!fails) this.value = `weather of ${name}`;
    this.error = fails ? name : undefined;
  }
  get shown() {
    return [this.value, this.left !== undefined, this.error];
  }
}

const city = fc.nat(CITIES.length - 1);
const does = fc.oneof(
  fc.record({ does: fc.constant("move" as const), city, who: fc.nat(1) }),
  fc.record({ does: fc.constantFrom("touch", "join", "nothing", "break", "cut"), who: fc.nat(1) }),
);

test("`pending` never lies: at every moment each twin shows the last value, the last error, and whether the last run is under way", async () => {
  let moments = 0;
  const script = async (steps: readonly (typeof does extends fc.Arbitrary<infer V> ? V : never)[], random: number) => {
    await using net = pair({ stores: { sky: scope.shared(Sky) }, seed: random, log: () => {} });
    began = Date.now();
    let at = net.now;
    const clients = [net.client(), net.client()];
    const twins = await Promise.all(clients.map((client) => client.sky()));
    const here = new Set(twins);
    const broken = new Map<(typeof twins)[number], (typeof clients)[number]>();
    const oracle = new Oracle();
    const compare = () => {
      for (const sky of here) {
        const { value, pending, error } = sky.weather;
        expect([value, pending, error?.message]).toEqual(oracle.shown);
        moments++;
      }
    };
    const until = async (offset: number) => net.wait(Math.max(0, at + offset - net.now));
    await until(STEP);
    oracle.pass();
    at += STEP;
    for (const step of steps) {
      const client = clients[step.who] as (typeof clients)[number];
      const sky = twins[step.who] as (typeof twins)[number];
      const there = here.has(sky);
      if (step.does === "move" && there) {
        void sky.move(step.city);
        oracle.move(step.city);
      } else if (step.does === "touch" && there) void sky.touch();
      else if (step.does === "cut") {
        net.cut(client);
        here.delete(sky);
        broken.delete(sky);
      } else if (step.does === "break" && there) {
        net.break(client);
        here.delete(sky);
        broken.set(sky, client);
      }
      await until(STEP / 2 - 1);
      compare();
      await until(STEP - 1);
      oracle.pass();
      if (step.does === "join") here.add(await net.client().sky());
      compare();
      await until(STEP);
      at += STEP;
      for (const [one, { $status }] of broken) if ($status.current.status === "online") here.add(one);
    }
    await net.quiet();
    for (let n = 0; n < 10; n++) oracle.pass();
    await net.wait(10 * STEP);
    for (const sky of twins) here.add(sky);
    compare();
  };
  await fc.assert(fc.asyncProperty(fc.array(does, { maxLength: 30, size: "max" }), fc.nat(), script), { numRuns: runs, seed });
  expect(moments).toBeGreaterThan(1000);
});
