"use client";
import { Button, Card, Code, Flex, Heading, Text } from "@radix-ui/themes";
import { useState } from "react";
import { useEvent } from "twinstate/react";
import { useChecksum } from "../../state/client";
import { FileButton } from "./file-button";
import { useFocusKept } from "./focus";
import styles from "./import.module.css";
import { Running } from "./running";

/** Reads a file of up to 500 MB as it comes, and shows its SHA-256. Nothing of it is kept. */
export function ChecksumCard() {
  const checksum = useChecksum();
  const [read, { pending, progress = 0, error, cancel }] = useEvent(checksum.read);
  const [name, setName] = useState("");
  const [section, took] = useFocusKept(pending);

  function send(file: File) {
    took();
    setName(file.name);
    void read(file);
  }

  return (
    <Card size="2" asChild>
      <section aria-label="Checksum" ref={section} tabIndex={-1} className={styles.section}>
        <Flex direction="column" gap="3">
          <Heading as="h2" size="4">
            A large file
          </Heading>
          <Text size="2" color="gray">
            Up to 500 MB. The server reads it as it comes, keeps nothing of it, and says its SHA-256.
          </Text>
          {pending ? (
            <Running label={`Sending ${name}: ${Math.floor(progress * 100)} %`} done={progress} of={1} onCancel={cancel} />
          ) : (
            <form action={checksum.read.form}>
              <FileButton name="file" label="Choose any file" onFile={send} />
              <noscript>
                <Button>Send</Button>
              </noscript>
            </form>
          )}
          <Text as="p" size="2" color="red" role="alert" className={styles.error}>
            {error?.message}
          </Text>
          {checksum.files.length > 0 && (
            <ul className={styles.sums} aria-label="Checksums">
              {checksum.files.map(({ id, name, size, sum }) => (
                <li key={id}>
                  <Text size="2">
                    {name}, {size.toLocaleString("en")} bytes
                  </Text>
                  <Code size="1" variant="ghost" color="gray">
                    {sum}
                  </Code>
                </li>
              ))}
            </ul>
          )}
        </Flex>
      </section>
    </Card>
  );
}
