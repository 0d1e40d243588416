/**
 * Revalidates what is cached under tags: the option `revalidate` of `createTwin`. It is called once for each stored commit that has changed something, of
 * events that name tags, in the process that ran it. The event's answer waits for its promise, at most five seconds.
 */
export interface Revalidate {
  (tags: readonly string[]): unknown;
  /** Called with each request to the twin's route, while it runs. */
  request?(): void;
}
