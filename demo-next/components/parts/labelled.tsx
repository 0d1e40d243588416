"use client";
import { Flex, Text } from "@radix-ui/themes";
import type { ReactNode } from "react";
import { type Control, type Controlled, useControl } from "twinstate/react/parts";

interface Props {
  label: string;
  of: Controlled;
  children(control: Control["control"]): ReactNode;
}

/** A control below its label, with why the server refused its value. */
export function Labelled({ label, of, children }: Props) {
  const { control, problem, message, ...parts } = useControl(of);
  return (
    <Flex direction="column" gap="1">
      <Text as="label" size="2" weight="medium" {...parts.label}>
        {label}
      </Text>
      {children(control)}
      <Problem message={message} problem={problem} />
    </Flex>
  );
}

/** A control before its label. */
export function LabelledBeside({ label, of, children }: Props) {
  const { control, problem, message, ...parts } = useControl(of);
  return (
    <Flex direction="column" gap="1">
      <Flex align="center" gap="2">
        {children(control)}
        <Text as="label" size="2" weight="medium" {...parts.label}>
          {label}
        </Text>
      </Flex>
      <Problem message={message} problem={problem} />
    </Flex>
  );
}

function Problem({ message, problem }: { message: Control["message"]; problem: string | undefined }) {
  return problem === undefined ? null : (
    <Text as="p" size="2" color="red" {...message}>
      {problem}
    </Text>
  );
}
