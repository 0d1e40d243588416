import { CheckCircledIcon, CrossCircledIcon, InfoCircledIcon } from "@radix-ui/react-icons";
import { Callout, Table, Text } from "@radix-ui/themes";
import type { View } from "twinstate";
import type { Import } from "../../state/contacts";
import styles from "./import.module.css";

const ENDS = {
  running: { color: "blue", Icon: InfoCircledIcon, word: "Running" },
  done: { color: "green", Icon: CheckCircledIcon, word: "Done" },
  cancelled: { color: "amber", Icon: InfoCircledIcon, word: "Cancelled" },
  failed: { color: "red", Icon: CrossCircledIcon, word: "Failed" },
} as const;

/** What has come of an import so far, and which rows it has refused. */
export function LastImport({ name, phase, rows, added, refused, problems }: View<Import>) {
  const { color, Icon, word } = ENDS[phase];
  return (
    <div className={styles.last}>
      {phase !== "running" && (
        <Callout.Root color={color} size="1" role="status">
          <Callout.Icon>
            <Icon />
          </Callout.Icon>
          <Callout.Text>
            {word}: {added} of {rows} rows of {name} added, {refused} refused.
          </Callout.Text>
        </Callout.Root>
      )}
      {problems.length > 0 && (
        <section aria-label="Rows that were refused">
          <Table.Root size="1">
            <Table.Header>
              <Table.Row>
                <Table.ColumnHeaderCell>Row</Table.ColumnHeaderCell>
                <Table.ColumnHeaderCell>Cause</Table.ColumnHeaderCell>
              </Table.Row>
            </Table.Header>
            <Table.Body>
              {problems.map(({ row, cause }) => (
                <Table.Row key={row}>
                  <Table.RowHeaderCell>{row}</Table.RowHeaderCell>
                  <Table.Cell>{cause}</Table.Cell>
                </Table.Row>
              ))}
            </Table.Body>
          </Table.Root>
        </section>
      )}
      {refused > problems.length && (
        <Text size="2" color="gray">
          And {refused - problems.length} more.
        </Text>
      )}
    </div>
  );
}
