import { useRef, useState } from "react";
import type { EventError } from "../../lib/errors/errors.js";
import { useEvent } from "../index.js";

/** A question before an event. */
export interface Confirmation<A extends unknown[]> {
  /** Whether the question is asked. */
  readonly open: boolean;
  /** The arguments that it is asked for. */
  readonly args: A | undefined;
  /** Whether the event has no answer yet. */
  readonly pending: boolean;
  /** Why the event was refused: the question stays. */
  readonly error: EventError | undefined;
  /** Asks the question. */
  ask(...args: A): void;
  /** Calls the event. The question is over when it has ended well. */
  confirm(): void;
  /** Takes the question back, for the dialog's `onOpenChange`. */
  setOpen(open: boolean): void;
  /**
   * Gives the focus back to the element from which the question was asked, or to another one if that has gone. Dialogs of Base UI do so by themselves; those
   * of Radix need it as `onCloseAutoFocus`, as they know no trigger.
   * @example <AlertDialog.Content onCloseAutoFocus={(event) => removal.returnFocus(event, heading.current)}>
   */
  returnFocus(event?: { preventDefault(): void }, otherwise?: HTMLElement | null): void;
}

/**
 * An event that a dialog asks about first. The dialog is open from `ask` until the event has ended well, and says why it did not.
 * @example
 * const remove = useConfirm(todo.remove);
 * return <Dialog open={remove.open} onOpenChange={remove.setOpen}>Delete it?<button onClick={remove.confirm}>Delete</button></Dialog>;
 */
export function useConfirm<A extends unknown[]>(event: (...args: A) => PromiseLike<unknown>): Confirmation<A> {
  const [run, { pending, error, reset }] = useEvent(event);
  const [args, setArgs] = useState<A>();
  const [open, setOpen] = useState(false);
  const asker = useRef<Element | null>(null);
  return {
    open,
    args,
    pending,
    error,
    ask(...next) {
      asker.current = document.activeElement;
      reset();
      setArgs(next);
      setOpen(true);
    },
    confirm() {
      if (!args || pending) return;
      // `useEvent` has the error.
      run(...args).then(() => setOpen(false), ignore);
    },
    setOpen,
    returnFocus(event, otherwise) {
      event?.preventDefault();
      const target = asker.current?.isConnected ? (asker.current as HTMLElement) : otherwise;
      target?.focus();
    },
  };
}

const ignore = () => {};
