"use client";
import { CheckIcon, Link2Icon, PlusIcon } from "@radix-ui/react-icons";
import { Button, Flex } from "@radix-ui/themes";
import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { newKey } from "../../state/key";
import { useReport } from "../notices";

const SHOWN = 1500;

export function BoardTools() {
  const router = useRouter();
  const report = useReport();
  const [copied, setCopied] = useState(false);

  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN);
    return () => clearTimeout(timer);
  }, [copied]);

  async function copy() {
    try {
      await navigator.clipboard.writeText(location.href);
      setCopied(true);
    } catch (error) {
      report(error);
    }
  }

  return (
    <Flex gap="2">
      <Button variant="soft" onClick={copy}>
        {copied ? <CheckIcon /> : <Link2Icon />}
        {copied ? "Copied" : "Copy link"}
      </Button>
      <Button variant="soft" color="gray" onClick={() => router.push(`/board/${newKey()}`)}>
        <PlusIcon />
        New board
      </Button>
    </Flex>
  );
}
