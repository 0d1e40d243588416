/** Something that runs because it was due: a scheduled event, or a task. */
export interface DueRun {
  /** Resolves when it has ended, however. */
  readonly over: Promise<void>;
  /** Resolves when others need not wait for it any more. */
  readonly held: Promise<void>;
  /** The run could not begin, and is tried again, later each time. */
  readonly failed?: boolean;
  /** The server ends: it goes on in the next one, where it is by then. */
  suspend?(): void;
  /** Ends it, for the next process to do. */
  cutOff(): void;
}
