"use client";
import { Badge, Button, Card, Container, Flex, Heading, Text } from "@radix-ui/themes";
import { usePoll, useVisitor } from "../../state/client";
import { People } from "../people";
import { Chat } from "./chat";
import { ImportOptions } from "./import-options";
import { Join } from "./join";
import { Options } from "./options";

export function Poll({ id }: { id: string }) {
  const { question, by, open, people, votes, close } = usePoll(id);
  const me = useVisitor();
  return (
    <Container size="2">
      <Flex direction="column" gap="5">
        <Flex direction="column" gap="2">
          <Flex align="start" justify="between" gap="4" wrap="wrap">
            <Heading size="8" dir="auto">
              {question}
            </Heading>
            <People people={people} />
          </Flex>
          <Flex align="center" gap="3" wrap="wrap">
            <Text color="gray">
              Asked by {by?.name}. {votes.size} {votes.size === 1 ? "vote" : "votes"}.
            </Text>
            {!open && <Badge color="gray">Closed</Badge>}
            {open && by?.id === me?.id && (
              <Button size="1" variant="soft" color="red" onClick={() => void close()}>
                Close the poll
              </Button>
            )}
          </Flex>
        </Flex>
        <Join />
        <Options id={id} />
        {open && <ImportOptions id={id} />}
        <Card size="2">
          <Chat id={id} />
        </Card>
      </Flex>
    </Container>
  );
}
