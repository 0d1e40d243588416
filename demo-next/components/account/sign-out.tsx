"use client";
import { Badge, Button, Flex, Text } from "@radix-ui/themes";
import { useAccount, useVisitor } from "../../state/client";

/** Who is signed in, and a button that ends it in all tabs of this browser. */
export function SignOut() {
  const me = useVisitor();
  return (
    <form action={useAccount().signOut.form}>
      <Flex align="center" gap="3">
        <Text>
          Signed in as <Text weight="bold">{me?.name}</Text>
        </Text>
        {me?.account === "admin" && <Badge>Admin</Badge>}
        <Button size="1" variant="soft" color="gray">
          Sign out
        </Button>
      </Flex>
    </form>
  );
}
