"use client";
import { Toast } from "@base-ui/react/toast";

type Kind = "info" | "success" | "warning" | "error";
const DOTS: Record<Kind, string> = { info: "bg-blue-500", success: "bg-green-500", warning: "bg-amber-500", error: "bg-red-500" };
const manager = Toast.createToastManager();

/** The longest time that a timer takes, in ms. */
const LONGEST = 2 ** 31 - 1;

/** Shows a message for a while, with `Infinity` until it is dismissed. `<TwinProvider effects={{ toast }}>` shows what `effect.toast()` says. */
export function toast(message: string, { kind = "info", duration = 6000 }: { kind?: Kind; duration?: number } = {}) {
  manager.add({ title: message, type: kind, timeout: duration > LONGEST ? 0 : duration, priority: kind === "error" ? "high" : "low" });
}

/** Shows an error that nobody awaited: `<TwinProvider onError={toastError}>`. */
export function toastError(error: unknown) {
  toast(error instanceof Error ? error.message : String(error), { kind: "error" });
}

/** The place of the messages. Put it into the root layout, once. F6 takes the keyboard there. */
export function Toaster() {
  return (
    // All are shown: one beyond a limit could be seen and not dismissed.
    <Toast.Provider toastManager={manager} limit={Number.POSITIVE_INFINITY}>
      <Toast.Portal>
        <Toast.Viewport className="fixed right-4 bottom-4 z-50 flex max-h-[calc(100dvh-2rem)] w-[min(24rem,calc(100vw-2rem))] flex-col gap-2 overflow-y-auto outline-none">
          <Messages />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function Messages() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((one) => (
    <Toast.Root
      key={one.id}
      toast={one}
      className="rounded-md border bg-popover text-popover-foreground shadow-md outline-none focus-visible:ring-3 focus-visible:ring-ring/50"
    >
      <Toast.Content className="flex items-center gap-3 py-3 pr-2 pl-4">
        <span className={`size-2 shrink-0 rounded-full ${DOTS[(one.type ?? "info") as Kind]}`} />
        <Toast.Title className="grow text-sm wrap-anywhere" />
        <Toast.Close
          aria-label="Dismiss"
          className="size-7 shrink-0 rounded-sm text-lg leading-none outline-none hover:bg-accent focus-visible:ring-3 focus-visible:ring-ring/50"
        >
          ×
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}
