import { type ReactNode, useState } from "react";
import type { LiveTwin } from "../../client/twin.js";
import { bytes } from "./figures.js";
import { type DevtoolsRecorder, nameOf } from "./recorder.js";
import { Tree, useChanges } from "./tree.js";

/** The twins of the page, and what they hold. */
export function StateTab({ recorder }: { recorder: DevtoolsRecorder }): ReactNode {
  const twins = [...recorder.inspection.twins.values()];
  if (twins.length === 0) return <p className="empty">No component uses a store now.</p>;
  return (
    <ul className="tree" aria-label="Stores">
      {twins.map((twin) => (
        <TwinTree key={nameOf(twin)} twin={twin} received={recorder.received(twin)} />
      ))}
    </ul>
  );
}

function TwinTree({ twin, received }: { twin: LiveTwin; received: number }): ReactNode {
  const [open, setOpen] = useState(true);
  const [incarnation, revision = -1] = twin.at ?? [];
  const changes = useChanges(revision);
  const fields = open && twin.state === "ready" ? Object.entries(twin.mirror.view()) : [];
  return (
    <li>
      <button type="button" className="opener" aria-expanded={open} onClick={() => setOpen(!open)}>
        <strong>{nameOf(twin)}</strong>
      </button>
      <span className="about">
        {twin.state === "ready" ? (
          <span key={changes} className={changes > 0 ? "changed" : undefined} title={`Incarnation ${incarnation}`}>
            revision {revision < 0 ? "?" : revision}
            {Boolean(twin.tick) && `, tick ${twin.tick}`}
          </span>
        ) : (
          <span className={twin.error && "error"}>
            {twin.state}
            {twin.error && ` ${twin.error.code}: ${twin.error.message}`}
          </span>
        )}
        {incarnation !== undefined && <span>incarnation {incarnation.slice(0, 8)}</span>}
        <span>{bytes(received)} received</span>
      </span>
      {fields.length > 0 && (
        <ul>
          {fields.map(([name, value]) => (
            <Tree key={name} name={name} value={value} />
          ))}
        </ul>
      )}
    </li>
  );
}
