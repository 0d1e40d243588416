"use client";
import { Button, Flex, Link, Text, TextField } from "@radix-ui/themes";
import NextLink from "next/link";
import { useVisitor } from "../../state/client";

const ROUTE = "/api/name";

/** Shows under which name the visitor takes part, or a form to choose one. Guests without a name may look. */
export function Join() {
  const visitor = useVisitor();
  if (!visitor) return null;
  if (!visitor.guest) {
    return (
      <form action={ROUTE} method="post">
        <Flex align="center" gap="3">
          <Text size="2" color="gray">
            You are <Text weight="bold">{visitor.name}</Text>
          </Text>
          {!visitor.account && (
            <Button name="name" value="" size="1" variant="soft" color="gray">
              Leave
            </Button>
          )}
        </Flex>
      </form>
    );
  }
  return (
    <form action={ROUTE} method="post">
      <Flex align="center" gap="3" wrap="wrap">
        <TextField.Root name="name" placeholder="Your name" aria-label="Your name" maxLength={40} dir="auto" required />
        <Button>Join</Button>
        <Text size="2" color="gray">
          to vote, to chat, and to ask. Or{" "}
          <Link asChild>
            <NextLink href="/sign-in?next=/poll">sign in</NextLink>
          </Link>
          .
        </Text>
      </Flex>
    </form>
  );
}
