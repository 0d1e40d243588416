"use client";
import { Box, Container, Flex, Heading, Separator, Text } from "@radix-ui/themes";
import { ChecksumCard } from "./checksum-card";
import { ContactsTable } from "./contacts-table";
import { ImportCard } from "./import-card";

export function ImportPage() {
  return (
    <Container size="2">
      <Flex direction="column" gap="1" mb="5">
        <Heading size="8">Import</Heading>
        <Text color="gray">
          Contacts from a CSV file. While the file is on its way it needs this page; after that the import goes on by itself: reload, or cancel it from another
          tab.
        </Text>
      </Flex>
      <Flex direction="column" gap="5">
        <ImportCard />
        <ContactsTable />
        <Box>
          <Separator size="4" mb="5" />
          <ChecksumCard />
        </Box>
      </Flex>
    </Container>
  );
}
