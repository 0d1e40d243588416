"use client";
import { RadioCards, Text } from "@radix-ui/themes";
import { usePoll, useVisitor } from "../../state/client";
import styles from "./poll.module.css";

/** The answers with their votes. A vote shows before the server has answered, and moves when the user votes again. */
export function Options({ id }: { id: string }) {
  const { options, votes, counts, open, vote } = usePoll(id);
  const me = useVisitor();
  const most = Math.max(1, ...counts.values());
  return (
    <RadioCards.Root
      columns="1"
      gap="2"
      aria-label="Answers"
      value={(me && votes.get(me.id)) ?? ""}
      disabled={!open || me?.guest !== false}
      onValueChange={(option) => void vote(option)}
    >
      {options.map((option) => {
        const count = counts.get(option.id) ?? 0;
        return (
          <RadioCards.Item value={option.id} key={option.id} className={styles.option}>
            <span className={styles.bar} style={{ inlineSize: `${(count / most) * 100}%` }} />
            <Text dir="auto" highContrast className={styles.answer}>
              {option.text}
            </Text>
            <Text weight="bold" highContrast className={styles.count}>
              {count}
            </Text>
          </RadioCards.Item>
        );
      })}
    </RadioCards.Root>
  );
}
