/** An error, as clients get it. */
export interface ToldError {
  readonly code: string;
  readonly message: string;
  readonly data?: unknown;
}

/** A store whose open changes can be undone for the duration of a read. */
export interface Rewindable {
  readonly name: string;
  /** There are changes since the last commit that an event has made. */
  readonly changing: boolean;
  /** Shows the state of the last commit, until the returned function is called. No other code may run meanwhile. */
  stepBack(): () => void;
}

/** The host of a store, which holds others beside it. */
export interface StoreHost {
  /** The stores whose changes are committed together. */
  readonly stores: Iterable<Rewindable>;
  /** Runs getters outside of the running event: what they start must not write as a part of it. */
  apart<R>(run: () => R): R;
  /** Gives what clients are told of the error of a computed that is a promise. `path`: of the computed. */
  tell(error: unknown, path: string): ToldError;
  /** A store was fed: see `Store.feed`. */
  fed(): void;
}
