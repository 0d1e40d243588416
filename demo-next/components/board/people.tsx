"use client";
import { Avatar, Tooltip } from "@radix-ui/themes";
import { useEffect, useState } from "react";
import styles from "./board.module.css";
import { useThisBoard } from "./this-board";

const MOST = 6;

/** Who has the board open. */
export function People() {
  const { people, whoAmI } = useThisBoard();
  const [me, setMe] = useState<string>();

  useEffect(() => {
    let gone = false;
    whoAmI().then(
      (id) => {
        if (!gone) setMe(id);
      },
      // Nobody is marked, then.
      () => {},
    );
    return () => {
      gone = true;
    };
  }, [whoAmI]);

  const shown = people.slice(0, MOST);
  return (
    <ul className={styles.people} aria-label="Who is here">
      {shown.map(({ id, name, color, device }) => {
        const label = `${name}${id === me ? " (you)" : ""}, on a ${device}`;
        return (
          <Tooltip content={label} key={id}>
            <li className={styles.person} aria-label={label}>
              <Avatar size="2" radius="full" variant="solid" color={color} fallback={initials(name)} />
            </li>
          </Tooltip>
        );
      })}
      {people.length > MOST && (
        <li className={styles.person}>
          <Avatar size="2" radius="full" color="gray" fallback={`+${people.length - MOST}`} />
        </li>
      )}
    </ul>
  );
}

export const initials = (name: string) => name.replace(/[^A-Z]/g, "");
