import type { Attributes, Meter, ObservableResult, Tracer } from "@opentelemetry/api";

/** The measurements for OpenTelemetry, where the app has it. Names and attributes: docs/OPERATION.md. */
export interface Telemetry {
  /** Runs an event as a span. `run` says when its turn has come. */
  event<R>(name: string, run: (began: () => void) => Promise<R>): Promise<R>;
  /** Notes a commit that was sent to watchers. */
  committed(bytes: number): void;
  /** Notes stores that began to be watched: resumed by frames, by a snapshot, or new. */
  watched(how: Resume, count: number): void;
  /** Notes a reader that was too slow: a snapshot replaces what waited for it. */
  dropped(): void;
  /** Notes commits that the storage has lost after it had acknowledged them. */
  lost(count: number): void;
  stop(): void;
}

export type Resume = "delta" | "snapshot" | "first";

/** The current counts, by name. */
export interface Gauges {
  readonly streams: () => number;
  readonly hosts: () => number;
}

const SILENT: Telemetry = {
  event: (_, run) => run(() => {}),
  committed() {},
  watched() {},
  dropped() {},
  lost() {},
  stop() {},
};

type Api = typeof import("@opentelemetry/api");
let api: Promise<Api | undefined> | undefined;

/** OpenTelemetry's API; `undefined` where it cannot be imported. It is looked for once. */
export function telemetryApi(): Promise<Api | undefined> {
  // The name is hidden from bundlers, which would demand the package where it is not installed.
  const name = "@opentelemetry/api";
  api ??= import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ name).catch(() => undefined);
  return api;
}

/** Speaks to OpenTelemetry where its API can be imported, and to nobody where it cannot. */
export async function openTelemetry(twin: string, gauges: Gauges): Promise<Telemetry> {
  try {
    const found = await telemetryApi();
    if (!found) return SILENT;
    return createTelemetry(found.trace.getTracer("twinstate"), found.metrics.getMeter("twinstate"), { "twinstate.twin": twin }, gauges);
  } catch {
    return SILENT;
  }
}

function createTelemetry(tracer: Tracer, meter: Meter, twin: Attributes, { streams, hosts }: Gauges): Telemetry {
  const events = meter.createCounter("twinstate.events", { description: "Events that have ended, by outcome." });
  const queued = meter.createHistogram("twinstate.event.queue", { unit: "ms", description: "How long events waited for their turn." });
  const ran = meter.createHistogram("twinstate.event.duration", { unit: "ms", description: "How long events ran, until they were stored." });
  const bytes = meter.createHistogram("twinstate.commit.size", { unit: "By", description: "What commits take on the wire." });
  const watched = meter.createCounter("twinstate.watches", { description: "Stores that began to be watched: by delta, snapshot, or first." });
  const dropped = meter.createCounter("twinstate.dropped", { description: "Slow readers that got a snapshot in the place of what waited." });
  const lost = meter.createCounter("twinstate.commits.lost", { description: "Acknowledged commits that the storage has lost." });
  const observed = [
    [meter.createObservableGauge("twinstate.streams", { description: "Open streams." }), streams],
    [meter.createObservableGauge("twinstate.hosts", { description: "Scope instances in memory." }), hosts],
  ] as const;
  const callbacks = observed.map(([gauge, count]) => {
    const observe = (result: ObservableResult) => result.observe(count(), twin);
    gauge.addCallback(observe);
    return () => gauge.removeCallback(observe);
  });

  return {
    event: (name, run) =>
      tracer.startActiveSpan(`twinstate ${name}`, { attributes: { ...twin, "twinstate.event": name } }, async (span) => {
        const asked = performance.now();
        let began: number | undefined;
        let outcome = "OK";
        try {
          return await run(() => {
            began = performance.now();
            span.addEvent("began");
          });
        } catch (error) {
          outcome = String((error as { code?: unknown } | null)?.code ?? "INTERNAL");
          span.setStatus({ code: ERROR, message: outcome });
          throw error;
        } finally {
          const labels = { ...twin, "twinstate.event": name };
          events.add(1, { ...labels, "twinstate.outcome": outcome });
          if (began !== undefined) {
            queued.record(began - asked, labels);
            ran.record(performance.now() - began, labels);
            span.setAttribute("twinstate.queue_ms", began - asked);
          }
          span.setAttribute("twinstate.outcome", outcome);
          span.end();
        }
      }),
    committed: (size) => bytes.record(size, twin),
    watched: (how, count) => watched.add(count, { ...twin, "twinstate.resume": how }),
    dropped: () => dropped.add(1, twin),
    lost: (count) => lost.add(count, twin),
    stop() {
      for (const stop of callbacks) stop();
    },
  };
}

/** `SpanStatusCode.ERROR`: the enum is not there where the package is not. */
const ERROR = 2;
