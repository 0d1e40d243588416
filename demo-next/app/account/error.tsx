"use client";
import { Container, Link, Text } from "@radix-ui/themes";
import NextLink from "next/link";

/** Takes the place of the account, once the user has signed out. Then the guard leads the page to the sign-in. */
export default function SignedOut() {
  return (
    <Container size="2">
      <Text color="gray">
        You are not signed in.{" "}
        <Link asChild>
          <NextLink href="/sign-in?next=/account">Sign in</NextLink>
        </Link>
      </Text>
    </Container>
  );
}
