"use client";
import { Button, Card, Container, Flex, Heading, Link, Text, TextArea, TextField } from "@radix-ui/themes";
import NextLink from "next/link";
import { useActionState } from "react";
import { usePolls, useVisitor } from "../../state/client";
import { Join } from "./join";
import styles from "./poll.module.css";

export function Polls() {
  const { list } = usePolls();
  return (
    <Container size="2">
      <Flex direction="column" gap="5">
        <Flex direction="column" gap="1">
          <Heading size="8">Polls</Heading>
          <Text color="gray">Ask something, hand on the link, and see the votes come in.</Text>
        </Flex>
        <Join />
        {useVisitor()?.guest === false && <NewPoll />}
        <ul className={styles.polls} aria-label="Polls">
          {list.map(({ id, question, by }) => (
            <li key={id}>
              <Link asChild size="3" dir="auto">
                <NextLink href={`/poll/${id}`}>{question}</NextLink>
              </Link>
              <Text as="div" size="2" color="gray">
                by {by.name}
              </Text>
            </li>
          ))}
        </ul>
        {list.length === 0 && (
          <Text color="gray" align="center">
            No polls yet.
          </Text>
        )}
      </Flex>
    </Container>
  );
}

function NewPoll() {
  const [state, create, pending] = useActionState(usePolls().create.form, undefined);
  return (
    <Card size="3">
      <form action={create}>
        <Flex direction="column" gap="3">
          <div>
            <Text as="label" htmlFor="question" size="2" weight="medium">
              Question
            </Text>
            <TextField.Root
              id="question"
              name="question"
              dir="auto"
              maxLength={200}
              autoComplete="off"
              defaultValue={state?.fields.question}
              aria-describedby="question-problem"
            />
            <Problem id="question-problem">{state?.errors.question?.[0]}</Problem>
          </div>
          <div>
            <Text as="label" htmlFor="options" size="2" weight="medium">
              Answers, one on each line
            </Text>
            <TextArea
              id="options"
              name="options"
              dir="auto"
              rows={4}
              maxLength={2000}
              defaultValue={state?.fields.options}
              aria-describedby="options-problem"
            />
            <Problem id="options-problem">{state?.errors.options?.[0]}</Problem>
          </div>
          <Flex align="center" gap="3">
            <Button loading={pending}>Ask</Button>
            {state?.error && !state.errors.question && !state.errors.options && <Problem>{state.error.message}</Problem>}
          </Flex>
        </Flex>
      </form>
    </Card>
  );
}

function Problem({ id, children }: { id?: string; children: string | undefined }) {
  return (
    <Text as="div" id={id} size="2" color="red" role="alert">
      {children}
    </Text>
  );
}
