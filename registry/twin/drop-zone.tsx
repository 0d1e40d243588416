"use client";
import { Progress } from "@base-ui/react/progress";
import type { ReactNode } from "react";
import { type TakeFile, type Upload, useDrop } from "twinstate/react/parts";

interface Props<T> {
  /** An event that takes one file. */
  event: TakeFile<T>;
  /** The types that the file dialog offers. The event's schema decides. */
  accept?: string;
  children: ReactNode;
}

/** A place for files, dropped or chosen, with the progress of each. */
export function DropZone<T>({ event, accept, children }: Props<T>) {
  const { zone, input, uploads, cancel, retry, remove } = useDrop(event);
  return (
    <div className="flex flex-col gap-3">
      <label
        {...zone}
        className="flex min-h-24 cursor-pointer items-center justify-center rounded-md border border-dashed border-input p-4 text-center text-sm font-medium hover:bg-accent has-focus-visible:border-ring has-focus-visible:ring-3 has-focus-visible:ring-ring/50 data-over:border-primary data-over:bg-accent"
      >
        {children}
        <input {...input} accept={accept} className="sr-only" />
      </label>
      <ul className="flex flex-col gap-2 empty:hidden">
        {uploads.map((upload) => (
          <Row key={upload.id} upload={upload} cancel={cancel} retry={retry} remove={remove} />
        ))}
      </ul>
    </div>
  );
}

interface RowProps {
  upload: Upload;
  cancel(id: number): void;
  retry(id: number): void;
  remove(id: number): void;
}

function Row({ upload: { id, file, phase, progress, error }, cancel, retry, remove }: RowProps) {
  const open = phase === "waiting" || phase === "sending";
  return (
    <li className="rounded-md border p-3 text-sm">
      <div className="flex items-center gap-3">
        <span className="min-w-0 grow truncate">{file.name}</span>
        {open && <Action name={`Cancel ${file.name}`} label="Cancel" act={() => cancel(id)} />}
        {(phase === "refused" || phase === "cancelled") && <Action name={`Send ${file.name} again`} label="Again" act={() => retry(id)} />}
        {!open && <Action name={`Remove ${file.name} from the list`} label="Remove" act={() => remove(id)} />}
      </div>
      {open ? (
        <Progress.Root value={Math.round(progress * 100)} aria-label={`Sending ${file.name}`} className="mt-2">
          <Progress.Track className="h-1.5 overflow-hidden rounded-full bg-muted">
            <Progress.Indicator className="h-full bg-primary" />
          </Progress.Track>
        </Progress.Root>
      ) : (
        <p role="status" className={phase === "refused" ? "text-destructive" : "text-muted-foreground"}>
          {phase === "refused" ? error?.message : phase === "done" ? "Sent" : "Cancelled"}
        </p>
      )}
    </li>
  );
}

function Action({ name, label, act }: { name: string; label: string; act(): void }) {
  return (
    <button
      type="button"
      aria-label={name}
      onClick={act}
      className="rounded-sm px-1.5 py-0.5 font-medium outline-none hover:bg-accent focus-visible:ring-3 focus-visible:ring-ring/50"
    >
      {label}
    </button>
  );
}
