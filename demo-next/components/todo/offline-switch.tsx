"use client";
import { Flex, Switch, Text } from "@radix-ui/themes";
import { useEffect, useSyncExternalStore } from "react";
import { chooseOffline, isOffline, keepPages } from "../offline";

const subscribe = () => () => {};

/** Whether the demo works in this browser without a network. */
export function OfflineSwitch() {
  const on = useSyncExternalStore(subscribe, isOffline, () => false);
  useEffect(() => {
    // A page without a network, or one that ends, leaves it to the next one.
    if (on) keepPages().catch(() => {});
  }, [on]);
  return (
    <Text as="label" size="1" color="gray">
      <Flex align="center" justify="center" gap="2" mt="4">
        <Switch size="1" checked={on} onCheckedChange={(next) => void chooseOffline(next)} />
        Works without a network
      </Flex>
    </Text>
  );
}
