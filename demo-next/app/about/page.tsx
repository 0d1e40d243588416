import { Code, Container, Flex, Heading, Link, Text } from "@radix-ui/themes";
import type { Metadata } from "next";
import NextLink from "next/link";
import { Listing } from "../../components/listing";

export const metadata: Metadata = { title: "How it works" };

const STORE = `export class Todo {
  @state items: Item[] = [];
  @computed get left() {
    return this.items.filter((item) => !item.done).length;
  }
  @event add(title: string) {
    this.items.push({ id: newId(), title, done: false });
  }
}`;

const TWIN = `export const twin = createTwin({ stores: { todo: Todo } });
export const { GET, POST } = twin.handlers;`;

const COMPONENT = `const todo = useTodo();

<button onClick={() => todo.add("milk")}>
  Add ({todo.left} left)
</button>`;

const AGENT = `{
  "mcpServers": {
    "twinstate-demo": { "type": "http", "url": "http://localhost:3000/api/mcp" }
  }
}`;

/** Where the site of the docs is: by default where `npm run site:start` serves it. */
const DOCS = process.env.DOCS_URL ?? "http://localhost:3001";

/** A page without state of its own. */
export default function Page() {
  return (
    <Container size="2">
      <Flex direction="column" gap="5">
        <Flex direction="column" gap="2">
          <Heading size="8">How it works</Heading>
          <Text size="4" color="gray">
            A class lives on the server. Every browser has a twin of it, kept equal by small deltas.
          </Text>
        </Flex>
        <Listing title="state/todo.ts" code={STORE}>
          Write a plain class. <Code>@state</Code> is what everybody sees, <Code>@event</Code> what they may call.
        </Listing>
        <Listing title="state/server.ts" code={TWIN}>
          Say whose it is: a visitor’s, a user’s, a room’s, everybody’s.
        </Listing>
        <Listing title="components/todo.tsx" code={COMPONENT}>
          Use it. The hook is typed by the class; a component renders again when what it has read has changed.
        </Listing>
        <Listing title=".mcp.json" code={AGENT}>
          Connect an agent: each event is a tool of the Model Context Protocol, and each store a resource. For scripts there is the{" "}
          <Link href="/api/openapi">OpenAPI document</Link> of the same events as plain requests.
        </Listing>
        <Text color="gray">
          See it on the{" "}
          <Link asChild>
            <NextLink href="/">to-do list</NextLink>
          </Link>{" "}
          that is yours alone, and on the{" "}
          <Link asChild>
            <NextLink href="/board/demo">board</NextLink>
          </Link>{" "}
          that everybody shares. The <Link href={DOCS}>docs</Link> say how, beginning with a tutorial. The code is under the{" "}
          <Link href="/about/license">MIT licence</Link>.
        </Text>
      </Flex>
    </Container>
  );
}
