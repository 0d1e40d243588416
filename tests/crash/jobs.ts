import { appendFileSync } from "node:fs";
import { event, resume, sleep, state, step, type Tasks, tasks, until, update } from "twinstate";
import { declare } from "./declare.js";
import type { Effect, Mark } from "./task-checker.js";

/** The steps of a job. */
export const STEPS: readonly string[] = ["reserve", "charge", "pack", "send", "confirm"];

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** What a step does outside: it is written down at once, so a kill does not take it back. */
const act = (effect: Effect) => appendFileSync(process.env.EFFECTS as string, `${JSON.stringify(effect)}\n`);

/** Durable jobs of five steps, which write down what they do. */
export class Jobs {
  log: Mark[] = [];
  asked: string[] = [];
  tasks!: Tasks;

  async run(id: string, pause: number) {
    const got: string[] = [];
    for (const [i, name] of STEPS.entries()) {
      const token = await step(name, async () => {
        await wait(Math.random() * 20);
        const made = `${name}-${Math.random().toString(36).slice(2)}`;
        act({ id, step: name, token: made, got: [...got] });
        await wait(Math.random() * 20);
        return made;
      });
      got.push(token);
      if (i === 1) {
        await update(() => {
          this.log.push({ id, did: "half", got: [...got] });
        });
        await sleep(pause);
      }
      if (i === 3) {
        await update(() => {
          this.asked.push(id);
        });
        await until(`go ${id}`);
      }
    }
    await update(() => {
      this.log.push({ id, did: "end", got: [...got] });
    });
    return got;
  }

  /** Answers the jobs that wait. */
  go() {
    for (const id of this.asked.splice(0)) resume(`go ${id}`);
  }
}
declare(state, Jobs, "log", "asked");
declare(tasks, Jobs, "tasks");
declare(event, Jobs, "go");
declare(event({ background: true, durable: true }), Jobs, "run");
