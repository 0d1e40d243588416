"use client";
import { Button, Card, Container, Flex, Heading, Text, TextArea } from "@radix-ui/themes";
import { lazy, Suspense } from "react";
import { useEvent, useField } from "twinstate/react";
import { useBulletin, useProfile, useVisitor } from "../../state/client";
import { SignOut } from "./sign-out";

/** Only admins load its code, which names what only they see. */
const AdminDesk = lazy(() => import("./admin-desk").then(({ AdminDesk }) => ({ default: AdminDesk })));

export function AccountPage() {
  return (
    <Container size="2">
      <Flex direction="column" gap="5">
        <Flex direction="column" gap="2">
          <Heading size="8">Account</Heading>
          <SignOut />
        </Flex>
        <Note />
        <Notice />
        {useVisitor()?.account === "admin" && (
          <Suspense>
            <AdminDesk />
          </Suspense>
        )}
      </Flex>
    </Container>
  );
}

/** A field of the user. Each of their devices shows what another one types. */
function Note() {
  const profile = useProfile();
  const { error, ...note } = useField(profile, "note");
  return (
    <Card size="3">
      <Flex direction="column" gap="2">
        <Text as="label" htmlFor="note" size="2" weight="medium">
          Your note, on all of your devices
        </Text>
        <TextArea id="note" dir="auto" rows={4} maxLength={1000} {...note} />
        {error && (
          <Text size="2" color="red" role="alert">
            {error.message}
          </Text>
        )}
      </Flex>
    </Card>
  );
}

/** What everybody reads and admins write. Anybody may press the button, and the server's guard answers. */
function Notice() {
  const { notice, takeDown } = useBulletin();
  const [remove, { error, pending }] = useEvent(takeDown);
  return (
    <Card size="3" asChild>
      <section aria-label="Notice">
        <Flex direction="column" align="start" gap="3">
          <Heading as="h2" size="3">
            Notice
          </Heading>
          <Text dir="auto" color={notice === "" ? "gray" : undefined}>
            {notice || "There is none."}
          </Text>
          <Flex align="center" gap="3" wrap="wrap">
            <Button size="1" variant="soft" color="red" loading={pending} onClick={() => void remove()}>
              Take it down
            </Button>
            <Text size="2" color="red" role="alert">
              {error?.message}
            </Text>
          </Flex>
        </Flex>
      </section>
    </Card>
  );
}
