import type { ReactNode } from "react";
import { MEMBER, pathOf } from "../../lib/graph/path.js";
import type { PendingEvent } from "../../lib/predict/predictions.js";
import { clock } from "./figures.js";
import { preview } from "./parts.js";
import { type DevtoolsRecorder, nameOf, type PredictionRecord } from "./recorder.js";

/** The events that are shown before their answers, in order. */
export function PredictionsTab({ recorder: { predictions } }: { recorder: DevtoolsRecorder }): ReactNode {
  if (predictions.size === 0) return <p className="empty">No event is shown before its answer now.</p>;
  return (
    <table aria-label="Predictions">
      <thead>
        <tr>
          <th>Since</th>
          <th>Event</th>
          <th>Arguments</th>
          <th>Status</th>
          <th title="Each time that the server had something else to say">Run</th>
          <th>Touches</th>
        </tr>
      </thead>
      <tbody>
        {[...predictions.values()].map((record) => (
          <PredictionRow key={record.id} record={record} />
        ))}
      </tbody>
    </table>
  );
}

function PredictionRow({ record: { twin, event, args, since, prediction } }: { record: PredictionRecord }): ReactNode {
  const pending = prediction.look?.();
  const touched = pending ? touchedBy(pending) : [];
  return (
    <tr>
      <td>{clock(since)}</td>
      <td>
        {nameOf(twin)}.{event}
      </td>
      <td className="args">{args.map((arg) => preview(arg)).join(", ")}</td>
      <td>{pending && statusOf(pending)}</td>
      <td className="figure">{pending?.runs} ×</td>
      <td className="args" title={touched.join("\n")}>
        {touched.join(", ")}
      </td>
    </tr>
  );
}

function statusOf({ ended, waits, run }: PendingEvent): string {
  if (ended) return run ? "answered" : "not shown: it needs the server";
  if (!run) return "throws here";
  return waits ? "shown, not sent yet" : "shown";
}

/** How many places are named. */
const NAMED = 20;

/** The places that an event has changed. */
function touchedBy({ run }: PendingEvent): readonly string[] {
  const paths: string[] = [];
  for (const [node, change] of run?.changes ?? []) {
    const keys = Array.isArray(change) ? [undefined] : [...change.all()].map(({ key }) => (node.kind === "set" ? MEMBER : key));
    for (const key of keys) {
      if (paths.length === NAMED) return [...paths, "…"];
      paths.push(pathOf(node, key));
    }
  }
  return paths;
}
