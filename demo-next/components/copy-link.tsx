"use client";
import { CheckIcon, Link2Icon } from "@radix-ui/react-icons";
import { Button } from "@radix-ui/themes";
import { useEffect, useState } from "react";
import { useReport } from "./notices";

const SHOWN = 1500;

/** Copies the page's address, for others. */
export function CopyLink() {
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
    <Button variant="soft" onClick={copy}>
      {copied ? <CheckIcon /> : <Link2Icon />}
      {copied ? "Copied" : "Copy link"}
    </Button>
  );
}
