"use client";
import { Avatar, Tooltip } from "@radix-ui/themes";
import { useVisitor } from "../../state/client";
import styles from "./board.module.css";
import { useThisBoard } from "./this-board";

const MOST = 6;

/** Who has the board open. */
export function People() {
  const { people } = useThisBoard();
  const me = useVisitor()?.id;
  const shown = people.slice(0, MOST);
  return (
    <ul className={styles.people} aria-label="Who is here">
      {shown.map(({ id, name, color, device }) => {
        const label = `${name}${id === me ? " (you)" : ""}, on a ${device}`;
        return (
          <Tooltip content={label} key={id}>
            <li className={styles.person} aria-label={label}>
              <Avatar size="2" radius="full" highContrast color={color} fallback={initials(name)} />
            </li>
          </Tooltip>
        );
      })}
      {people.length > MOST && (
        <li className={styles.person}>
          <Avatar size="2" radius="full" highContrast color="gray" fallback={`+${people.length - MOST}`} />
        </li>
      )}
    </ul>
  );
}

export const initials = (name: string) => name.replace(/[^A-Z]/g, "");
