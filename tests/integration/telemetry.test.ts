import { context, metrics, trace } from "@opentelemetry/api";
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { EventError, event, schedule, state, step, update } from "twinstate";
import { scope } from "twinstate/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveTwin } from "../kit/app.js";
import { until } from "../kit/soon.js";

class Note {
  @state text = "";
  @event write(text: string) {
    this.text = text;
  }
  @event later() {
    schedule.after(1, this.write, ["later"]);
  }
  @event refuse() {
    throw new EventError("FORBIDDEN", "No.");
  }
}

const spans = new InMemorySpanExporter();
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8 });
const meters = new MeterProvider({ readers: [reader] });

beforeAll(() => {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));
  metrics.setGlobalMeterProvider(meters);
});
afterAll(async () => {
  await meters.shutdown();
  for (const api of [trace, metrics, context]) api.disable();
});

/** What the metrics of this twin come to, by name and the attribute that tells its values apart. */
async function measured(twin: string): Promise<Record<string, number | { count: number; sum: number }>> {
  exporter.reset();
  await reader.forceFlush();
  const found: Record<string, number | { count: number; sum: number }> = {};
  for (const { scopeMetrics } of exporter.getMetrics()) {
    for (const { descriptor, dataPoints } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
      for (const { attributes, value } of dataPoints) {
        if (attributes["twinstate.twin"] !== twin) continue;
        const of = attributes["twinstate.outcome"] ?? attributes["twinstate.resume"];
        const name = `${descriptor.name}${of === undefined ? "" : ` ${String(of)}`}`;
        found[name] = typeof value === "number" ? value : { count: value.count, sum: (value as { sum?: number }).sum ?? 0 };
      }
    }
  }
  return found;
}

test("where the app has OpenTelemetry, it is told of events, waits, commits, streams, resumes and slow readers", async () => {
  const name = "telemetry";
  const { visitor: open } = await serveTwin({ name, stores: { note: Note, pad: scope.room(Note, { allow: () => true }) }, maxQueued: 1000 });
  const visitor = open();
  await visitor.call("note.write", "one");
  const live = visitor.live({ store: "note" });
  await live.state("note");
  await visitor.call("note.write", "two");
  await expect(visitor.call("note.refuse")).rejects.toThrow("No.");
  await live.state("note", ({ text }) => text === "two");
  const have = live.have("note");
  const back = visitor.live({ store: "note", have });
  await back.until(([kind]) => kind === "resume");
  await visitor.live({ store: "note", have: ["another", 1] }).state("note");
  await visitor.call("note.write", "x".repeat(5000));
  await live.state("note", ({ text }) => String(text).length === 5000);

  const ended = spans.getFinishedSpans().filter(({ attributes }) => attributes["twinstate.twin"] === name);
  expect(ended.map(({ name, status, attributes }) => [name, status.code, attributes["twinstate.outcome"]])).toEqual([
    ["twinstate note.write", 0, "OK"],
    ["twinstate note.write", 0, "OK"],
    ["twinstate note.refuse", 2, "FORBIDDEN"],
    ["twinstate note.write", 0, "OK"],
  ]);
  // Neither arguments nor anything of the state.
  expect(JSON.stringify(ended.map(({ attributes, events }) => [attributes, events]))).not.toMatch(/"(one|two|xxx)/);

  const found = await measured(name);
  expect(found).toMatchObject({
    "twinstate.streams": 3,
    "twinstate.hosts": 1,
    "twinstate.watches first": 1,
    "twinstate.watches delta": 1,
    "twinstate.watches snapshot": 1,
    "twinstate.dropped": 3,
    "twinstate.events OK": 3,
    "twinstate.events FORBIDDEN": 1,
  });
  expect(found["twinstate.commit.size"]).toMatchObject({ count: 2 });
  expect((found["twinstate.commit.size"] as { sum: number }).sum).toBeGreaterThan(5000);
});

test("a scheduled event is a span as any other", async () => {
  const name = "telemetry-of-schedules";
  const { visitor: open } = await serveTwin({ name, stores: { note: Note } });
  const visitor = open();
  const live = await visitor.connect(1, { store: "note" });
  await visitor.call("note.later");
  await live.state("note", ({ text }) => text === "later");
  const ended = () => spans.getFinishedSpans().filter(({ attributes }) => attributes["twinstate.twin"] === name);
  await until(() => ended().length === 2);
  expect(ended().map(({ name, attributes }) => [name, attributes["twinstate.outcome"]])).toEqual([
    ["twinstate note.later", "OK"],
    ["twinstate note.write", "OK"],
  ]);
});

test("a durable event is a span as any other, and so is each time that it goes on", async () => {
  class Job {
    @state done = 0;
    @event({ background: true, durable: true }) async work() {
      await step("one", () => 1);
      await update(() => {
        this.done++;
      });
    }
  }
  const name = "telemetry-of-tasks";
  const { visitor: open } = await serveTwin({ name, stores: { job: Job } });
  const visitor = open();
  await visitor.connect(1, { store: "job" });
  await visitor.call("job.work");
  const ended = () => spans.getFinishedSpans().filter(({ attributes }) => attributes["twinstate.twin"] === name);
  await until(() => ended().length === 2);
  expect(ended().map(({ name, attributes }) => [name, attributes["twinstate.outcome"]])).toEqual(Array(2).fill(["twinstate job.work", "OK"]));
});

test("the span of an instance's event has the model's name", async () => {
  class Row {
    @state n = 0;
    @event raise() {
      return ++this.n;
    }
  }
  class List {
    @state rows = [new Row()];
  }
  const name = "telemetry-of-instances";
  const { visitor: open } = await serveTwin({ name, stores: { list: List }, models: { Row } });
  const visitor = open();
  const live = await visitor.connect(1, { store: "list" });
  await live.state("list");
  expect((await visitor.ask("list.Row.raise", { on: live.on("list", ({ rows }) => rows[0]), args: [] })).value).toBe(1);
  const ended = spans.getFinishedSpans().filter(({ attributes }) => attributes["twinstate.twin"] === name);
  expect(ended.map(({ name }) => name)).toEqual(["twinstate list.Row.raise"]);
});
