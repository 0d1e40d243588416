import { useEffect, useRef, useState } from "react";
import { settle } from "../../client/settle.js";
import type { EventError } from "../../lib/errors/errors.js";

/** A question before an event. */
export interface Confirmation<A extends unknown[]> {
  /** Whether the question is asked. */
  readonly open: boolean;
  /** The arguments that it is asked for. */
  readonly args: A | undefined;
  /** Whether the event has no answer yet. */
  readonly pending: boolean;
  /** Why the event was refused: the question stays. A refusal after it was taken back goes to `<TwinProvider onError>`. */
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
  const [question, setQuestion] = useState<Question<A>>(NONE);
  /** Counts the questions: the answer to one that is over changes nothing of the next. */
  const count = useRef(0);
  const mounted = useRef(false);
  useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);
  const asker = useRef<Element | null>(null);
  const { open, args, pending } = question;
  const setOpen = (next: boolean) => {
    if (!next) count.current++;
    setQuestion((now) => ({ ...now, open: next, pending: next && now.pending }));
  };
  return {
    ...question,
    ask(...next) {
      asker.current = document.activeElement;
      count.current++;
      setQuestion({ open: true, args: next, pending: false, error: undefined });
    },
    confirm() {
      if (!args || pending) return;
      const asked = ++count.current;
      setQuestion({ open, args, pending: true, error: undefined });
      settle(
        event(...args),
        () => asked === count.current && setOpen(false),
        (thrown) => {
          const shown = mounted.current && asked === count.current;
          if (shown) setQuestion({ open, args, pending: false, error: thrown as EventError });
          return shown;
        },
      );
    },
    setOpen,
    returnFocus(event, otherwise) {
      event?.preventDefault();
      const target = asker.current?.isConnected ? (asker.current as HTMLElement) : otherwise;
      target?.focus();
    },
  };
}

type Question<A extends unknown[]> = Pick<Confirmation<A>, "open" | "args" | "pending" | "error">;
const NONE = { open: false, args: undefined, pending: false, error: undefined };
