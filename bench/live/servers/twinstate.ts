import { event, state } from "../../../lib/index.js";
import { createTwin, scope } from "../../../server/index.js";
import { edit, makeRows, type Op, type Row } from "../../table/workload.ts";
import { listen, serveHandler } from "../http.ts";
import { answer, measures, now } from "../tasks.ts";

class Counter {
  @state count = 0;
  @event bump() {
    return ++this.count;
  }
}

class Room {
  @state text = "";
  @event say(text: string) {
    this.text = text;
  }
}

class Table {
  @state rows: Row[] = [];
  @event fill(n: number) {
    this.rows = makeRows(n);
  }
  @event edit(op: Op) {
    edit(this, op);
  }
}

const twin = createTwin({
  stores: { counter: Counter, table: Table, room: scope.room(Room, { allow: () => true }) },
  session: { secret: "a secret for the bench alone" },
  // Sessions stay live while they are counted, or leave at once.
  idle: Number(process.argv[2] ?? 3_600_000),
  // One session asks for more in a second than any visitor does.
  eventRate: 1_000_000,
  log: ({ level, error }) => {
    if (level === "error") console.error(error);
  },
});

const { server, port } = await listen(serveHandler((request) => twin.handlers[request.method === "POST" ? "POST" : "GET"](request)));

await twin.attach(server, { events: true });
// Streams under this path come past the handler.
await twin.attach(server, { path: "/attached/$socket", live: true });

answer({
  ...measures,
  port: () => port,
  async publish(texts: string[]) {
    const start = now();
    for (const text of texts) await twin.room("all").say(text);
    return start;
  },
  /** Sessions that have done something, and that nobody is connected to. */
  async sessions(ids: string[]) {
    for (const id of ids) await twin.counter(id).bump();
  },
});
