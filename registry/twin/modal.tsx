"use client";
import { Dialog } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import type { Confirmation } from "twinstate/react/parts";

const BUTTON = "h-9 rounded-md px-4 text-sm font-medium outline-none focus-visible:ring-3 focus-visible:ring-ring/50 disabled:opacity-50";

interface ModalProps {
  open: boolean;
  onOpenChange(open: boolean): void;
  title: ReactNode;
  children: ReactNode;
}

/** A dialog over the page. Escape, and a click beside it, close it. */
export function Modal({ open, onOpenChange, title, children }: ModalProps) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-50 bg-black/50" />
        <Dialog.Popup className="fixed top-1/2 left-1/2 z-50 flex max-h-[90dvh] w-[min(28rem,calc(100vw-2rem))] -translate-1/2 flex-col gap-4 overflow-y-auto rounded-lg border bg-background p-6 shadow-lg outline-none">
          <Dialog.Title className="text-lg font-semibold">{title}</Dialog.Title>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** The question before an event, from `useConfirm`. It stays open until the event has ended well. */
export function Confirm<A extends unknown[]>({ of, title, action, children }: { of: Confirmation<A>; title: ReactNode; action: string; children?: ReactNode }) {
  return (
    <Modal open={of.open} onOpenChange={of.setOpen} title={title}>
      <div className="text-sm text-muted-foreground empty:hidden">{children}</div>
      <p role="alert" className="text-sm text-destructive empty:hidden">
        {of.error?.message}
      </p>
      <div className="flex justify-end gap-2">
        <button type="button" className={`${BUTTON} border hover:bg-accent`} onClick={() => of.setOpen(false)}>
          Cancel
        </button>
        <button type="button" className={`${BUTTON} bg-primary text-primary-foreground hover:bg-primary/90`} disabled={of.pending} onClick={of.confirm}>
          {action}
        </button>
      </div>
    </Modal>
  );
}
