import { current, EventError, event, type Internal, newId, progress, schedule, sleep, state, step, type Tasks, tasks, update } from "twinstate";
import { z } from "zod";

/** A session's store, for the calls of server code and of a tRPC client. */
export class Todo {
  @state items: { id: string; title: string }[] = [];
  @event(z.string().min(1).max(200)) add(title: string) {
    const id = newId();
    this.items.push({ id, title });
    return id;
  }
}

const Kind = z.enum(["all", "people", "files"]);
const Query = z.object({ text: z.string().max(100), kind: Kind.optional(), limit: z.coerce.number().int().min(1).max(100).optional() });
const Upload = z.file().max(50_000_000);

async function find(text: string, kind: string, limit: number, signal: AbortSignal): Promise<string[]> {
  const response = await fetch(`${process.env.SEARCH_URL}?q=${encodeURIComponent(text)}&kind=${kind}&limit=${limit}`, { signal });
  return (await response.json()) as string[];
}
async function makeReport(signal: AbortSignal): Promise<{ rows: number }> {
  signal.throwIfAborted();
  return { rows: 42 };
}
async function sendMail(to: string, text: string, key: string): Promise<void> {
  console.log("mail", to, text, key);
}

/** A room: jobs of a team. */
export class Jobs {
  @state people: { email: string; role: "member" | "owner" }[] = [];
  @state reports: { id: string; rows: number; at: Date }[] = [];
  @state credit = 3;
  @state({ persist: false }) received: { name: string; bytes: number; size: number } | null = null;
  @tasks tasks!: Tasks<number>;

  // With each load: the same schedule once more changes nothing.
  protected onLoad() {
    schedule.every("0 3 * * *", this.cleanUp, [], { id: "clean-up", timeZone: "Europe/Berlin" });
  }

  @event({ background: true, input: [Upload] }) async upload(file: File) {
    const { signal } = current();
    const { name, size } = file;
    let bytes = 0;
    try {
      const reader = file.stream().getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        signal.throwIfAborted();
        bytes += part.value.byteLength;
        await update(() => {
          this.received = { name, bytes, size };
        });
      }
      return { bytes };
    } finally {
      await update(() => {
        this.received = null;
      });
    }
  }

  // ? with `z.coerce.number()` the type that callers send is `unknown` (zod 4), so `limit` is a number at run time and `unknown` here: Number() as the docs do
  @event({ background: true, queue: "latest", input: [Query] }) async search({ text, kind, limit }: z.input<typeof Query>) {
    return find(text, kind ?? "all", limit === undefined ? 20 : Number(limit), current().signal);
  }

  // ? an optional parameter with `.optional()`: may the caller leave it out? No example
  @event(z.email(), z.enum(["member", "owner"]).optional()) invite(email: string, role?: "member" | "owner") {
    this.people.push({ email, role: role ?? "member" });
  }

  @event({ background: true, durable: true, input: [z.email()], queue: "drop", per: "instance" }) async report(email: string) {
    await update(() => {
      if (this.credit === 0) throw new EventError("NO_CREDIT", "Nothing is left.", { missing: 1 });
      this.credit--;
    });
    const id = newId(); // the same after a kill
    const made = await step("make", ({ signal }) => makeReport(signal), { retry: { times: 5, delay: "2s" }, timeout: "1m" });
    progress(0.5);
    await sleep("1h");
    const at = await step("now", () => Date.now()); // ? may a step give a Date? "data, as the answer of an event is", so it should
    await update(() => {
      this.reports.push({ id, rows: made.rows, at: new Date(at) });
    });
    progress(0.9);
    await step("mail", () => sendMail(email, `${made.rows} rows`, `${current().eventId} mail`));
    return { id, rows: made.rows };
  }

  @event({ internal: true }) cleanUp(this: Internal<Jobs>) {
    const old = Date.now() - 30 * 86_400_000;
    this.reports = this.reports.filter((report) => report.at.getTime() > old);
  }
}
