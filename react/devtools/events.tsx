import { Fragment, type ReactNode, useState } from "react";
import { between, bytes } from "./figures.js";
import { preview } from "./parts.js";
import { type CallRecord, type DevtoolsRecorder, nameOf } from "./recorder.js";
import { Tree } from "./tree.js";

/** The calls of events, the latest first. */
export function EventsTab({ recorder }: { recorder: DevtoolsRecorder }): ReactNode {
  const [open, setOpen] = useState<number>();
  const { calls } = recorder;
  return (
    <>
      <p className="bar">
        <button type="button" onClick={() => recorder.clear()}>
          Clear
        </button>
      </p>
      {calls.length === 0 ? (
        <p className="empty">No event has been called yet.</p>
      ) : (
        <table aria-label="Events">
          <thead>
            <tr>
              <th>Event</th>
              <th>Arguments</th>
              <th>Status</th>
              <th>Number</th>
              <th title="From the call until it was sent">Queued</th>
              <th title="From when it was sent first until its answer came">Round trip</th>
              <th title="From the answer until the page showed it">Shown</th>
              <th title="What it changed, on the wire">Delta</th>
              <th>Again</th>
            </tr>
          </thead>
          <tbody>
            {calls.toReversed().map((call) => (
              <Fragment key={call.id}>
                <CallRow call={call} open={open === call.id} toggle={() => setOpen(open === call.id ? undefined : call.id)} />
                {open === call.id && <CallDetails call={call} />}
              </Fragment>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function CallRow({ call, open, toggle }: { call: CallRecord; open: boolean; toggle(): void }): ReactNode {
  const { twin, event, args, n, called, sent, answered, settled, error } = call;
  const name = `${nameOf(twin)}.${event}`;
  return (
    <tr>
      <td>
        <button type="button" className="opener" aria-expanded={open} onClick={toggle}>
          {name}
        </button>
      </td>
      <td className="args">{args.map((arg) => preview(arg)).join(", ")}</td>
      <td className={error && "error"}>{statusOf(call)}</td>
      <td className="figure">{n}</td>
      <td className="figure">{between(called, sent)}</td>
      <td className="figure">{between(sent, answered)}</td>
      <td className="figure">{between(answered, error ? undefined : settled)}</td>
      <td className="figure">{call.bytes !== undefined && bytes(call.bytes)}</td>
      <td>
        <button type="button" aria-label={`Replay ${name}`} title="Calls it again, with the same arguments" onClick={() => replay(call)}>
          ↻
        </button>
      </td>
    </tr>
  );
}

function CallDetails({ call: { args, error, settled, value } }: { call: CallRecord }): ReactNode {
  return (
    <tr>
      <td colSpan={9}>
        <ul className="tree">
          {args.map((arg, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: that is what names an argument
            <Tree key={i} name={`argument ${i + 1}`} value={arg} />
          ))}
          {error ? <Tree name="error" value={error} /> : settled !== undefined && <Tree name="answer" value={value} />}
        </ul>
      </td>
    </tr>
  );
}

function statusOf({ sent, attempts, answered, settled, error }: CallRecord): string {
  if (error) return error.code ?? error.name;
  if (settled !== undefined) return "done";
  if (answered !== undefined) return "answered";
  if (sent === undefined) return "waiting";
  return attempts > 1 ? `sent ${attempts} times` : "sent";
}

/** Calls an event again. A failure is reported like that of any call that nobody awaits. */
function replay({ twin, event, target, args }: CallRecord): void {
  void twin.event(event.slice(event.indexOf(".") + 1), target)?.(...args);
}
