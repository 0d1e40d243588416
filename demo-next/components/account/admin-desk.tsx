"use client";
import { Button, Card, Flex, Heading, Text, TextArea } from "@radix-ui/themes";
import { useField } from "twinstate/react";
import { useBulletin } from "../../state/client";
import styles from "./admin-desk.module.css";

/** What only admins see: the draft of the next notice, and who has signed in. */
export function AdminDesk() {
  const { nextNotice = "", signIns = [], compose, publish } = useBulletin();
  const field = useField(nextNotice, compose);
  return (
    <Card size="3" asChild>
      <section aria-label="For admins">
        <Flex direction="column" align="start" gap="3">
          <Heading as="h2" size="3">
            For admins
          </Heading>
          <Text as="label" htmlFor="draft" size="2" weight="medium">
            The next notice
          </Text>
          <TextArea id="draft" className={styles.draft} dir="auto" rows={2} maxLength={300} {...field} />
          <Button size="2" variant="soft" disabled={nextNotice === ""} onClick={() => void publish()}>
            Publish
          </Button>
          <Text size="2" weight="medium" id="sign-ins">
            The last sign-ins
          </Text>
          <ul className={styles.signIns} aria-labelledby="sign-ins">
            {signIns.map(({ id, name, device, at }) => (
              <Text size="2" asChild key={id}>
                <li>
                  {name}, on a {device}, at {at.toISOString().slice(11, 16)} UTC
                </li>
              </Text>
            ))}
          </ul>
        </Flex>
      </section>
    </Card>
  );
}
