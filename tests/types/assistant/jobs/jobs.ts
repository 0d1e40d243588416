import { current, EventError, event, progress, reset, resume, schedule, sleep, state, step, stop, type Tasks, tasks, until, update } from "twinstate";
import { z } from "zod";

declare function upload(rows: number): Promise<string>;
declare function search(query: string, signal: AbortSignal): Promise<string[]>;

export class Jobs {
  @state imported = 0;
  @state found: string[] = [];
  @state published: string | null = null;
  @tasks tasks!: Tasks<number>;

  @event({ queue: "latest", debounce: 200 }) async find(query: string) {
    this.found = await search(query, current().signal);
  }
  @event({ background: true, timeout: 600_000 }) async attach(file: File) {
    let bytes = 0;
    for await (const chunk of file.stream()) {
      bytes += chunk.length;
      await update(() => {
        this.imported = bytes;
      });
    }
    return { bytes };
  }
  @event({ background: true, durable: true, input: [z.number().int()] }) async publish(rows: number) {
    const url = await step("upload", () => upload(rows), { retry: { times: 3, delay: "1s" }, timeout: "30s" });
    progress(0.5);
    await sleep("1h");
    if (!(await until<boolean>("approved", { timeout: "2d" }))) throw new EventError("CANCELLED", "Nobody has approved it.");
    await update(() => {
      this.published = url;
    });
    return url;
  }
  @event approve() {
    return resume("approved", true);
  }
  @event stop(id: string) {
    return stop(id);
  }
  @event later(date: Date) {
    schedule.at(date, this.startOver, [], { id: "over" });
  }
  @event startOver() {
    reset(this, "imported", "found");
  }
  @event async *count(to: number) {
    for (let n = 1; n <= to; n++) yield n;
    return "done" as const;
  }
}
