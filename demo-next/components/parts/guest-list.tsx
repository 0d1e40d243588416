"use client";
import { AlertDialog, Button, Card, Flex, Heading, Text, TextField } from "@radix-ui/themes";
import { useRef } from "react";
import { For } from "twinstate/react";
import { useConfirm, useForm } from "twinstate/react/parts";
import { useBooking } from "../../state/client";
import styles from "./parts.module.css";

/** A form with errors at its fields, and a dialog that asks before a guest is removed. */
export function GuestList() {
  const { guests, invite, remove } = useBooking();
  const form = useForm(invite.form);
  const removal = useConfirm(remove);
  const heading = useRef<HTMLHeadingElement>(null);
  return (
    <Card size="3" asChild>
      <section aria-label="Guests">
        <Flex direction="column" gap="4">
          <Heading as="h2" size="4" ref={heading} tabIndex={-1} className={styles.heading}>
            Guests
          </Heading>
          <form {...form.form} noValidate className={styles.form}>
            {(["name", "email"] as const).map((name) => (
              <Flex direction="column" gap="1" key={name}>
                <Text as="label" size="2" weight="medium" {...form.label(name)}>
                  {name === "name" ? "Name" : "E-mail"}
                </Text>
                <TextField.Root autoComplete="off" {...form.field(name)} type={name === "name" ? "text" : "email"} />
                <Text as="p" size="2" color="red" {...form.message(name)} className={styles.problem}>
                  {form.problemOf(name)}
                </Text>
              </Flex>
            ))}
            <Flex align="center" gap="3">
              <Button disabled={form.pending}>Invite</Button>
              <Text size="2" color="red" role="alert">
                {form.problem}
              </Text>
            </Flex>
          </form>
          <ul className={styles.list} aria-label="Invited">
            <For each={guests}>
              {({ id, name, email }) => (
                <li>
                  <Text size="2">
                    {name}, {email}
                  </Text>
                  <Button size="1" variant="soft" color="gray" aria-label={`Remove ${name}`} onClick={() => removal.ask(id)}>
                    Remove
                  </Button>
                </li>
              )}
            </For>
          </ul>
        </Flex>
        <AlertDialog.Root open={removal.open} onOpenChange={removal.setOpen}>
          <AlertDialog.Content maxWidth="400px" onCloseAutoFocus={(event) => removal.returnFocus(event, heading.current)}>
            <AlertDialog.Title size="4">Remove this guest?</AlertDialog.Title>
            <AlertDialog.Description size="2">{removal.error?.message ?? "The guest is not told."}</AlertDialog.Description>
            <Flex gap="3" mt="4" justify="end">
              <AlertDialog.Cancel>
                <Button variant="soft" color="gray">
                  Keep
                </Button>
              </AlertDialog.Cancel>
              <Button disabled={removal.pending} onClick={removal.confirm}>
                Remove
              </Button>
            </Flex>
          </AlertDialog.Content>
        </AlertDialog.Root>
      </section>
    </Card>
  );
}
