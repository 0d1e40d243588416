"use client";
import { Button, Callout, Card, Code, Container, Flex, Heading, Link, Text, TextField } from "@radix-ui/themes";
import NextLink from "next/link";
import { useActionState } from "react";
import { useAccount, useVisitor } from "../../state/client";
import { PREPARED } from "../../state/prepared-accounts";
import { SignOut } from "./sign-out";

interface Props {
  /** The page to return to. */
  next: string;
  /** Why an attempt without JavaScript was refused. */
  problem: string | undefined;
}

export function SignIn({ next, problem }: Props) {
  const me = useVisitor();
  return (
    <Container size="1">
      <Flex direction="column" gap="5">
        <Flex direction="column" gap="2">
          <Heading size="8">Sign in</Heading>
          <Text color="gray">
            Sign in as Bob in two browsers, and what you note in one shows in the other. Ann is an admin: her browser receives what Bob’s never does.
          </Text>
        </Flex>
        {me?.account ? (
          <Flex align="center" gap="3">
            <SignOut />
            <Link asChild>
              <NextLink href="/account">Your account</NextLink>
            </Link>
          </Flex>
        ) : (
          <Credentials next={next} problem={problem} />
        )}
        <Callout.Root color="gray" variant="surface">
          <Callout.Text>
            {PREPARED.map(({ id, admin, password }) => (
              <span key={id}>
                Name <Code>{id}</Code>, password <Code>{password}</Code>
                {admin && ", an admin"}
                <br />
              </span>
            ))}
          </Callout.Text>
        </Callout.Root>
      </Flex>
    </Container>
  );
}

function Credentials({ next, problem }: Props) {
  const [state, signIn, pending] = useActionState(useAccount().signIn.form, undefined);
  const refused = state?.error?.message ?? (state ? undefined : problem);
  return (
    <Card size="3">
      <form action={signIn}>
        <input type="hidden" name="next" value={next} />
        <Flex direction="column" gap="3">
          <div>
            <Text as="label" htmlFor="name" size="2" weight="medium">
              Name
            </Text>
            <TextField.Root
              id="name"
              name="name"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              maxLength={40}
              required
              defaultValue={state?.fields.name}
              aria-invalid={refused !== undefined}
              aria-describedby="problem"
            />
          </div>
          <div>
            <Text as="label" htmlFor="password" size="2" weight="medium">
              Password
            </Text>
            <TextField.Root
              id="password"
              name="password"
              type="password"
              autoComplete="current-password"
              maxLength={200}
              required
              aria-invalid={refused !== undefined}
              aria-describedby="problem"
            />
          </div>
          <Flex align="center" gap="3" wrap="wrap">
            <Button loading={pending}>Sign in</Button>
            <Text id="problem" size="2" color="red" role="alert">
              {refused}
            </Text>
          </Flex>
        </Flex>
      </form>
    </Card>
  );
}
