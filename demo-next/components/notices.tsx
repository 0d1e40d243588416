"use client";
import { CheckCircledIcon, CrossCircledIcon, InfoCircledIcon } from "@radix-ui/react-icons";
import { Callout } from "@radix-ui/themes";
import { type ComponentProps, createContext, type ReactNode, use, useState } from "react";
import { TwinPreload, TwinProvider } from "../state/client";
import styles from "./notices.module.css";
import { Themed } from "./themed";

interface Notice {
  readonly id: number;
  readonly message: string;
  readonly kind: "info" | "success" | "warning" | "error";
}

const LOOKS = {
  info: { color: "blue", Icon: InfoCircledIcon },
  success: { color: "green", Icon: CheckCircledIcon },
  warning: { color: "amber", Icon: InfoCircledIcon },
  error: { color: "red", Icon: CrossCircledIcon },
} as const;

const Report = createContext<(error: unknown) => void>(() => {});

/** Shows an error to the user for a while. */
export const useReport = () => use(Report);

const SHOWN = 6000;
let last = 0;
const nextId = () => ++last;

/**
 * The page's connection to the server. It shows the errors of its calls, and what `effect.toast()` says. `look`: the look with which the page is rendered.
 */
export function Notices({ look, children }: { look: ComponentProps<typeof TwinPreload>["state"]; children: ReactNode }) {
  const [notices, setNotices] = useState<readonly Notice[]>([]);

  function show(message: string, options?: { kind?: Notice["kind"]; duration?: number }) {
    const { kind = "info", duration = SHOWN } = options ?? {};
    const id = nextId();
    setNotices((shown) => [...shown, { id, message, kind }]);
    setTimeout(() => setNotices((shown) => shown.filter((notice) => notice.id !== id)), duration);
  }
  const report = (error: unknown) => show(error instanceof Error ? error.message : String(error), { kind: "error" });

  return (
    <TwinProvider onError={report} effects={{ toast: show }}>
      <TwinPreload state={look}>
        <Themed>
          <Report value={report}>{children}</Report>
          <div className={styles.place} role="alert">
            {notices.map(({ id, message, kind }) => {
              const { color, Icon } = LOOKS[kind];
              return (
                <Callout.Root color={color} variant="surface" className={styles.notice} key={id}>
                  <Callout.Icon>
                    <Icon />
                  </Callout.Icon>
                  <Callout.Text>{message}</Callout.Text>
                </Callout.Root>
              );
            })}
          </div>
        </Themed>
      </TwinPreload>
    </TwinProvider>
  );
}
