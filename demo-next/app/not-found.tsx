import { Container, Flex, Heading, Link, Text } from "@radix-ui/themes";
import type { Metadata } from "next";
import NextLink from "next/link";

export const metadata: Metadata = { title: "Not found" };

export default function NotFound() {
  return (
    <Container size="2">
      <Flex direction="column" gap="1">
        <Heading size="8">Not found</Heading>
        <Text color="gray">
          This page could not be found. Begin with the{" "}
          <Link asChild>
            <NextLink href="/">to-do list</NextLink>
          </Link>
          .
        </Text>
      </Flex>
    </Container>
  );
}
