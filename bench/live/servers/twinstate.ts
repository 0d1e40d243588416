import { event, state } from "../../../lib/index.js";
import { createTwin, scope } from "../../../server/index.js";
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

const twin = createTwin({
  stores: { counter: Counter, room: scope.room(Room, { allow: () => true }) },
  session: { secret: "a secret for the bench alone" },
  // Sessions stay in memory while they are counted.
  idle: 3_600_000,
  log: ({ level, error }) => {
    if (level === "error") console.error(error);
  },
});

const { port } = await listen(serveHandler((request) => twin.handlers[request.method === "POST" ? "POST" : "GET"](request)));

answer({
  ...measures,
  port: () => port,
  async publish(texts: string[]) {
    const start = now();
    for (const text of texts) await twin.room("all").say(text);
    return start;
  },
  /** Sessions with state in memory, that nobody is connected to. */
  async sessions(ids: string[]) {
    for (const id of ids) await twin.counter(id).bump();
  },
});
