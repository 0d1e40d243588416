"use client";
import { Button, Card, Flex, Link, Text } from "@radix-ui/themes";
import { useEvent } from "twinstate/react";
import { useContacts } from "../../state/client";
import { FileButton } from "./file-button";
import { useFocusKept } from "./focus";
import styles from "./import.module.css";
import { LastImport } from "./last-import";
import { Running } from "./running";

/** Sends a file, and shows how far its import is: the same in every tab, from the first HTML. */
export function ImportCard() {
  const contacts = useContacts();
  const { import: last, arriving } = contacts;
  const [send, { pending, progress = 0, error }] = useEvent(contacts.importFrom);
  const busy = pending || arriving !== null || last?.phase === "running";
  const [section, took] = useFocusKept(busy);

  function start(file: File) {
    took();
    void send(file);
  }

  function cancel() {
    took();
    void contacts.cancelImport();
  }

  return (
    <Card size="2" asChild>
      <section aria-label="Import of contacts" ref={section} tabIndex={-1} className={styles.section}>
        {pending && progress < 1 && !arriving ? (
          <Running label="Sending the file" done={progress} of={1} onCancel={cancel} />
        ) : arriving ? (
          <Running label={`Receiving ${arriving.name}: ${kB(arriving.got)} of ${kB(arriving.size)}`} done={arriving.got} of={arriving.size} onCancel={cancel} />
        ) : last?.phase === "running" ? (
          <Running label={`${last.added + last.refused} of ${last.rows} rows`} done={last.added + last.refused} of={last.rows} onCancel={cancel} />
        ) : (
          <form action={contacts.importFrom.form}>
            <Flex direction="column" gap="2">
              <FileButton name="file" label="Choose a CSV file" accept=".csv,text/csv" onFile={start} />
              <noscript>
                <Button>Import</Button>
              </noscript>
              <Text size="2" color="gray">
                Its first row names the columns name, email and city.{" "}
                <Link href="/import/sample" download="contacts.csv">
                  A sample of 500 rows
                </Link>
              </Text>
            </Flex>
          </form>
        )}
        <Text as="p" size="2" color="red" role="alert" className={styles.error}>
          {error?.message}
        </Text>
        {last && <LastImport {...last} />}
      </section>
    </Card>
  );
}

const kB = (bytes: number) => `${Math.ceil(bytes / 1000)} kB`;
