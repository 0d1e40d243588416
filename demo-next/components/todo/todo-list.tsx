"use client";
import { CheckCircledIcon } from "@radix-ui/react-icons";
import { Box, Card, Container, Flex, Heading, Text } from "@radix-ui/themes";
import { useTodo } from "../../state/client";
import { shows, useFilter } from "./filter";
import { NewTodo } from "./new-todo";
import { OfflineSwitch } from "./offline-switch";
import { TodoFooter } from "./todo-footer";
import styles from "./todo-list.module.css";
import { TodoRow } from "./todo-row";

const NOTHING = { active: "Nothing left to do.", completed: "Nothing done yet.", all: "" };

export function TodoList() {
  const { items } = useTodo();
  const [filter] = useFilter();
  const shown = items.filter((item) => shows(filter, item));
  return (
    <Container size="2">
      <Flex direction="column" gap="1" mb="5">
        <Heading size="8">To-do</Heading>
        <Text color="gray">Yours alone, kept on the server. Open a second tab to see its twin.</Text>
      </Flex>
      <Card size="1" className={styles.card}>
        <NewTodo />
        {items.length > 0 && (
          <>
            <ul className={styles.list} aria-label="To-dos">
              {shown.map((item) => (
                <TodoRow item={item} key={item.id} />
              ))}
            </ul>
            {shown.length === 0 && (
              <Text as="p" color="gray" align="center" className={styles.nothing}>
                {NOTHING[filter]}
              </Text>
            )}
            <TodoFooter />
          </>
        )}
      </Card>
      {items.length === 0 ? (
        <Flex direction="column" align="center" gap="2" mt="8">
          <CheckCircledIcon width="28" height="28" color="var(--gray-8)" />
          <Text color="gray">Nothing to do. Add something above.</Text>
        </Flex>
      ) : (
        <Box mt="4" className={styles.hint}>
          <Text as="p" size="1" color="gray" align="center">
            Double-click a to-do to edit it
          </Text>
        </Box>
      )}
      <OfflineSwitch />
    </Container>
  );
}
