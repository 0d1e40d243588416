"use client";
import { Button, Text } from "@radix-ui/themes";
import { useConnection } from "twinstate/react";
import styles from "./connection.module.css";

const LABELS = { online: "Live", waiting: "No answer yet", reconnecting: "Reconnecting", offline: "Offline" };

/** The state of the connection, as a dot and a word. */
export function Connection() {
  const { status, pending } = useConnection();
  return (
    <div role="status" className={styles.connection} data-status={status} data-pending={pending}>
      {status === "outdated" ? (
        <Button size="1" variant="soft" onClick={() => location.reload()}>
          New version: reload
        </Button>
      ) : (
        <>
          <span className={styles.dot} />
          <Text size="1" color="gray" className={styles.label}>
            {LABELS[status]}
            {status !== "online" && pending > 0 && ` · ${pending} waiting`}
          </Text>
        </>
      )}
    </div>
  );
}
