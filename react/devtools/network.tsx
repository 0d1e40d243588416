import { type ReactNode, useState } from "react";
import type { Faults } from "../../client/faulty-network.js";
import { bytes, clock, ms } from "./figures.js";
import type { DevtoolsRecorder } from "./recorder.js";

/** How the page is connected, what the stream brings, and what may befall it. */
export function NetworkTab({ recorder }: { recorder: DevtoolsRecorder }): ReactNode {
  const { status, network } = recorder.inspection;
  return (
    <>
      <dl>
        <dt>Status</dt>
        <dd>{status.current.status}</dd>
        <dt>Stream</dt>
        <dd>{network?.transport ?? "none yet"}</dd>
        <dt>Calls without an answer</dt>
        <dd>{status.current.pending}</dd>
      </dl>
      {network && <FaultSwitches faults={network.faults} set={(faults) => network.set(faults)} />}
      <Messages recorder={recorder} />
    </>
  );
}

function FaultSwitches({ faults, set }: { faults: Faults; set(faults: Partial<Faults>): void }): ReactNode {
  return (
    <fieldset>
      <legend>Faults</legend>
      <label title="Nothing comes through, and the browser says that it is offline">
        <input type="checkbox" checked={faults.offline} onChange={({ target }) => set({ offline: target.checked })} /> Offline
      </label>
      <FaultSwitch name="Slow" unit="ms each way" initial={200} max={60_000} value={faults.latency} set={(latency) => set({ latency })} />
      <FaultSwitch name="Drop" unit="% of requests and answers" initial={20} max={100} value={faults.loss * 100} set={(share) => set({ loss: share / 100 })} />
    </fieldset>
  );
}

interface FaultSwitchProps {
  name: string;
  unit: string;
  initial: number;
  max: number;
  /** The current value; 0 turns the fault off. */
  value: number;
  set(value: number): void;
}

function FaultSwitch({ name, unit, initial, max, value, set }: FaultSwitchProps): ReactNode {
  const [amount, setAmount] = useState(value || initial);
  const on = value > 0;
  return (
    <span className="fault">
      <label>
        <input type="checkbox" checked={on} onChange={({ target }) => set(target.checked ? amount : 0)} /> {name}
      </label>{" "}
      <label>
        <input
          type="number"
          aria-label={`${name}: ${unit}`}
          min={1}
          max={max}
          value={amount}
          onChange={({ target }) => {
            const next = Math.min(Math.max(target.valueAsNumber || 1, 1), max);
            setAmount(next);
            if (on) set(next);
          }}
        />{" "}
        {unit}
      </label>
    </span>
  );
}

function Messages({ recorder: { messages } }: { recorder: DevtoolsRecorder }): ReactNode {
  if (messages.length === 0) return <p className="empty">The stream has brought nothing yet.</p>;
  return (
    <table aria-label="Messages">
      <thead>
        <tr>
          <th>Time</th>
          <th>Message</th>
          <th>Stores</th>
          <th>Revision</th>
          <th>Size</th>
          <th title="Until all who read it were told">Applied in</th>
        </tr>
      </thead>
      <tbody>
        {messages.toReversed().map((message) => (
          <tr key={message.id}>
            <td>{clock(message.time)}</td>
            <td>{message.name}</td>
            <td>{message.stores.join(", ")}</td>
            <td className="figure">
              {message.revision}
              {message.tick !== undefined && ` tick ${message.tick}`}
            </td>
            <td className="figure">{bytes(message.bytes)}</td>
            <td className="figure">{ms(message.ms)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
