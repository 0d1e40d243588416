"use client";
import { event, state } from "twinstate";
import { createHooks, useEvent, useLocal } from "twinstate/react";
import { createTwin, scope } from "twinstate/server";
import { Jobs } from "./jobs";

const twin = createTwin({ stores: { jobs: scope.room(Jobs, { allow: () => true }) } });
const { useJobs } = createHooks<typeof twin>();

class Draft {
  @state query = "";
  @event setQuery(query: string) {
    this.query = query;
  }
}

export function JobsPage({ id }: { id: string }) {
  const jobs = useJobs(id);
  const draft = useLocal(Draft);
  const [attach, { progress, pending, value, cancel }] = useEvent(jobs.attach);
  async function count() {
    const call = jobs.count(3);
    for await (const n of call) console.log(n.toFixed());
    const end: "done" = await call;
    return end;
  }
  return (
    <>
      <input
        value={draft.query}
        onChange={({ target }) => {
          draft.setQuery(target.value);
          jobs.find(target.value);
        }}
      />
      <input type="file" disabled={pending} onChange={({ target }) => target.files?.[0] && attach(target.files[0])} />
      <progress value={progress ?? 0} />
      {value?.bytes}
      <button type="button" onClick={cancel}>
        Cancel
      </button>
      <ul>
        {jobs.tasks.map((task) => (
          <li key={task.id}>
            {task.event} {task.running ? task.step : task.error?.message} <progress value={task.progress ?? 0} />
            <button type="button" onClick={() => jobs.stop(task.id)}>
              Stop
            </button>
          </li>
        ))}
      </ul>
      <button type="button" onClick={() => void count()}>
        {jobs.found.length} found
      </button>
      <button type="button" onClick={() => jobs.publish(3).catch((error: unknown) => console.log(error))}>
        {jobs.published ?? "Publish"}
      </button>
    </>
  );
}
