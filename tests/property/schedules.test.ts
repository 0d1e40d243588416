import { scope } from "twinstate/server";
import { type KillPoint, lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { Alarms } from "../crash/alarms.js";
import { type Entry, faultless, judgeSchedules } from "../crash/schedule-checker.js";
import { Random } from "../kit/random.js";

const runs = process.env.TEST_FULL === undefined ? 25 : 2000;
const seed = Number(process.env.SEED ?? 1);
const POINTS: (KillPoint | undefined)[] = ["append", "appended", "answer", undefined];
const ROOMS = ["a", "b", "c"];

/** Makes and cancels schedules at random, kills the server now and then, lets hosts leave memory, and judges the logs. */
async function check(random: Random): Promise<void> {
  await using net = pair({
    stores: { alarms: scope.room(Alarms, { allow: () => true }) },
    storage: lasting(),
    idle: 1 + random.int(20),
    seed: random.int(2 ** 31),
    log: () => {},
  });
  // A client calls again what a kill has cut off.
  const client = net.client();
  const twins = await Promise.all(ROOMS.map((room) => client.alarms(room)));
  const trace: string[] = [];
  let kills = 0;
  for (let step = 0; step < 30; step++) {
    const twin = random.pick(twins);
    const id = `${random.int(6)}`;
    const what = random.int(10);
    trace.push(`${net.now}: ${what} ${id}`);
    if (what < 5) await twin.once(id, `${step}`, random.int(20_000));
    else if (what < 7) await twin.every(id, `${step}`, 1000 + random.int(9000));
    else if (what < 8) await twin.cancel(id);
    else if (what < 9) {
      net.kill(random.pick(POINTS));
      kills++;
    }
    await net.wait(random.int(random.chance(0.2) ? 60_000 : 4000));
  }
  await net.wait(30_000);
  await net.quiet();
  const now = Date.now();
  for (const [i, twin] of twins.entries()) {
    const log = (twin as unknown as { log: Entry[] }).log.map((entry) => ({ ...entry }));
    const { ran, latest, ...faults } = judgeSchedules(log, kills > 0 ? [[now - 25_000, now]] : [[0, now]], now);
    expect(faults, `room ${ROOMS[i]}, ${ran} runs, at most ${latest} ms late:\n${trace.join("\n")}\n${JSON.stringify(log)}`).toEqual(faultless);
  }
}

test(`whatever is scheduled, killed and evicted, each runs once, none early, none late (${runs} runs, seed ${seed})`, { timeout: 600_000 }, async () => {
  for (let run = 0; run < runs; run++) await check(new Random(seed * 1000 + run));
});
