"use client";
import { CrossCircledIcon } from "@radix-ui/react-icons";
import { Callout } from "@radix-ui/themes";
import { createContext, type ReactNode, use, useEffect, useState } from "react";
import { TwinProvider } from "../state/client";
import styles from "./notices.module.css";

interface Notice {
  readonly message: string;
}

const Report = createContext<(error: unknown) => void>(() => {});

/** Shows an error to the user for a while. */
export const useReport = () => use(Report);

const SHOWN = 6000;

/** The page's connection to the server, and the errors of its calls. */
export function Notices({ children }: { children: ReactNode }) {
  const [notice, setNotice] = useState<Notice>();
  const report = (error: unknown) => setNotice({ message: error instanceof Error ? error.message : String(error) });

  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => setNotice(undefined), SHOWN);
    return () => clearTimeout(timer);
  }, [notice]);

  return (
    <TwinProvider onError={report}>
      <Report value={report}>{children}</Report>
      <div className={styles.place} role="alert">
        {notice && (
          <Callout.Root color="red" variant="surface" className={styles.notice}>
            <Callout.Icon>
              <CrossCircledIcon />
            </Callout.Icon>
            <Callout.Text>{notice.message}</Callout.Text>
          </Callout.Root>
        )}
      </div>
    </TwinProvider>
  );
}
