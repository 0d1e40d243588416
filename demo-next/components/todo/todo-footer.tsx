"use client";
import { Button, SegmentedControl, Text } from "@radix-ui/themes";
import { useTodo } from "../../state/client";
import { useHeir } from "../heir";
import { FILTERS, type Filter, useFilter } from "./filter";
import { newTodoField } from "./new-todo";
import styles from "./todo-list.module.css";

const CLEAR = "clear-completed";
const NAMES = { all: "All", active: "Active", completed: "Completed" };

export function TodoFooter() {
  const { left, items, clearDone } = useTodo();
  const [filter, setFilter] = useFilter();
  return (
    <div className={styles.footer}>
      <Text size="2" color="gray" className={styles.count}>
        <Text weight="bold" highContrast>
          {left}
        </Text>{" "}
        {left === 1 ? "item" : "items"} left
      </Text>
      <SegmentedControl.Root size="1" value={filter} onValueChange={(next) => setFilter(next as Filter)} aria-label="Show" className={styles.filter}>
        {FILTERS.map((each) => (
          <SegmentedControl.Item value={each} key={each}>
            {NAMES[each]}
          </SegmentedControl.Item>
        ))}
      </SegmentedControl.Root>
      <div className={styles.clear}>{left < items.length && <Clear onClick={() => void clearDone()} />}</div>
    </div>
  );
}

function Clear({ onClick }: { onClick(): void }) {
  useHeir(CLEAR, newTodoField);
  return (
    <Button id={CLEAR} size="2" variant="ghost" color="gray" onClick={onClick}>
      Clear completed
    </Button>
  );
}
