"use client";
import { Button, Flex, Text, TextField } from "@radix-ui/themes";
import { useVisitor } from "../../state/client";

const ROUTE = "/api/sign-in";

/** Shows who is signed in, or a form to sign in. Guests may look; users with a name may take part. */
export function SignIn() {
  const visitor = useVisitor();
  if (!visitor) return null;
  if (!visitor.guest) {
    return (
      <form action={ROUTE} method="post">
        <Flex align="center" gap="3">
          <Text size="2" color="gray">
            Signed in as <Text weight="bold">{visitor.name}</Text>
          </Text>
          <Button name="name" value="" size="1" variant="soft" color="gray">
            Sign out
          </Button>
        </Flex>
      </form>
    );
  }
  return (
    <form action={ROUTE} method="post">
      <Flex align="center" gap="3" wrap="wrap">
        <TextField.Root name="name" placeholder="Your name" aria-label="Your name" maxLength={40} dir="auto" required />
        <Button>Sign in</Button>
        <Text size="2" color="gray">
          to vote, to chat, and to ask
        </Text>
      </Flex>
    </form>
  );
}
