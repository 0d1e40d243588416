import { Button, Flex, Progress, Text } from "@radix-ui/themes";
import styles from "./import.module.css";

/** Something on its way, with a button that ends it. */
export function Running({ label, done, of, onCancel }: { label: string; done: number; of: number; onCancel(): void }) {
  return (
    <Flex direction="column" gap="2" className={styles.running}>
      <Flex align="center" justify="between" gap="3">
        <Text size="2" className={styles.label}>
          {label}
        </Text>
        <Button type="button" size="1" variant="soft" color="gray" onClick={onCancel}>
          Cancel
        </Button>
      </Flex>
      {/* In a column it would grow. */}
      <div>
        <Progress value={done} max={Math.max(of, 1)} aria-label={label} />
      </div>
    </Flex>
  );
}
