"use client";
import { useRef, useState } from "react";
import { type Call, EventError } from "twinstate";
import { useEvent } from "twinstate/react";
import { useJobs } from "./client";

export function JobsView({ team }: { team: string }) {
  const jobs = useJobs(team);
  const [upload, { pending, progress, value, error, cancel }] = useEvent(jobs.upload);
  const [report, asked] = useEvent(jobs.report);
  return (
    <main>
      <input type="file" disabled={pending} onChange={({ target }) => target.files?.[0] && void upload(target.files[0])} />
      {pending && <progress value={progress ?? 0} />}
      {pending && (
        <button type="button" onClick={cancel}>
          Cancel
        </button>
      )}
      {jobs.received && <p>{`${jobs.received.name}: ${jobs.received.bytes} of ${jobs.received.size} have come`}</p>}
      {value && <p>{value.bytes} bytes</p>}
      {error && <p role="alert">{error.message}</p>}
      <Search team={team} />
      <button type="button" disabled={asked.pending} onClick={() => report("ann@example.com")}>
        Report
      </button>
      {EventError.is(asked.error, "NO_CREDIT") && <p role="alert">{asked.error.data.missing} missing</p>}
      <ul>
        {jobs.tasks.map((task) => (
          <li key={task.id}>
            {task.event}: {task.running ? (task.step ?? "begins") : task.error?.message} <progress value={task.progress ?? 0} />
          </li>
        ))}
      </ul>
    </main>
  );
}

function Search({ team }: { team: string }) {
  const { search } = useJobs(team);
  const call = useRef<Call<readonly string[]> | null>(null);
  const [found, setFound] = useState<readonly string[]>([]);
  async function run(text: string) {
    const mine = search({ text, kind: "all", limit: 10 });
    call.current = mine;
    try {
      setFound(await mine);
    } catch (error) {
      if (!EventError.is(error, "CANCELLED") && !EventError.is(error, "SUPERSEDED")) throw error;
    }
  }
  return (
    <>
      <input aria-label="Search" onChange={({ target }) => void run(target.value)} />
      <button type="button" onClick={() => call.current?.cancel()}>
        Cancel
      </button>
      <ul>
        {found.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
    </>
  );
}
