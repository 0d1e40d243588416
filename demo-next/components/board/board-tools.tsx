"use client";
import { PlusIcon } from "@radix-ui/react-icons";
import { Button, Flex } from "@radix-ui/themes";
import { useRouter } from "next/navigation";
import { newKey } from "../../state/key";
import { CopyLink } from "../copy-link";

export function BoardTools() {
  const router = useRouter();
  return (
    <Flex gap="2">
      <CopyLink />
      <Button variant="soft" color="gray" onClick={() => router.push(`/board/${newKey()}`)}>
        <PlusIcon />
        New board
      </Button>
    </Flex>
  );
}
