"use client";
import { Button, Flex, Heading, Table, Text } from "@radix-ui/themes";
import { useContacts } from "../../state/client";
import { useFocusKept } from "./focus";
import styles from "./import.module.css";

const SHOWN = 10;

/** How many contacts there are, and the newest of them. */
export function ContactsTable() {
  const contacts = useContacts();
  const { people } = contacts;
  const [section, took] = useFocusKept(people.length > 0);

  function removeAll() {
    took();
    void contacts.removeAll();
  }

  return (
    <section aria-label="Contacts" ref={section} tabIndex={-1} className={styles.section}>
      <Flex align="center" justify="between" gap="3" mb="2">
        <Heading as="h2" size="4">
          {people.length} {people.length === 1 ? "contact" : "contacts"}
        </Heading>
        {people.length > 0 && (
          <Button size="1" variant="soft" color="gray" onClick={removeAll}>
            Remove all
          </Button>
        )}
      </Flex>
      {people.length === 0 ? (
        <Text color="gray">None yet. Import some above.</Text>
      ) : (
        <Table.Root size="1" variant="surface" className={styles.contacts}>
          <Table.Header>
            <Table.Row>
              <Table.ColumnHeaderCell>Name</Table.ColumnHeaderCell>
              <Table.ColumnHeaderCell>E-mail</Table.ColumnHeaderCell>
              <Table.ColumnHeaderCell className={styles.wide}>City</Table.ColumnHeaderCell>
            </Table.Row>
          </Table.Header>
          <Table.Body>
            {people
              .slice(-SHOWN)
              .reverse()
              .map(({ name, email, city }) => (
                <Table.Row key={email}>
                  <Table.RowHeaderCell>{name}</Table.RowHeaderCell>
                  <Table.Cell className={styles.email}>{email}</Table.Cell>
                  <Table.Cell className={styles.wide}>{city}</Table.Cell>
                </Table.Row>
              ))}
          </Table.Body>
        </Table.Root>
      )}
    </section>
  );
}
