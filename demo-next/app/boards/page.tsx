import { Container, Flex, Heading, Link, Text } from "@radix-ui/themes";
import type { Metadata } from "next";
import { unstable_cache } from "next/cache";
import NextLink from "next/link";
import { twin } from "../../state/server";

export const metadata: Metadata = { title: "Boards" };
/** The page is made for each request, so that a browser keeps no old one. Its list is cached. */
export const dynamic = "force-dynamic";

const MOST = 100;

/** The boards that somebody has changed. They are kept until an event of a board says that they are old. */
const listBoards = unstable_cache(
  async () => {
    const boards: { key: string; count: number }[] = [];
    for await (const key of twin.board.keys({ limit: MOST })) {
      const { count } = await twin.board(key).$snapshot();
      boards.push({ key, count });
    }
    return boards.toSorted((a, b) => a.key.localeCompare(b.key));
  },
  ["boards"],
  { tags: ["boards"] },
);

export default async function Page() {
  const boards = await listBoards();
  return (
    <Container size="2">
      <Flex direction="column" gap="5">
        <Flex direction="column" gap="1">
          <Heading size="8">Boards</Heading>
          <Text color="gray">Each is a room. The server lists them, and keeps the list until an event changes it.</Text>
        </Flex>
        {boards.length === 0 ? (
          <Text color="gray">There are no cards yet.</Text>
        ) : (
          <ul aria-label="Boards">
            {boards.map(({ key, count }) => (
              <li key={key}>
                <Link asChild>
                  <NextLink href={`/board/${key}`}>{key}</NextLink>
                </Link>{" "}
                <Text color="gray">
                  {count} {count === 1 ? "card" : "cards"}
                </Text>
              </li>
            ))}
          </ul>
        )}
      </Flex>
    </Container>
  );
}
