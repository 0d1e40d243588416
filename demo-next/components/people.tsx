"use client";
import { Avatar, Tooltip } from "@radix-ui/themes";
import type { View } from "twinstate";
import { useVisitor } from "../state/client";
import type { Guest } from "../state/guest";
import type { Person } from "../state/person";
import styles from "./people.module.css";

interface Here extends Person {
  device?: Guest["device"];
}

const MOST = 6;

/** The people who are here, each once. */
export function People({ people }: { people: readonly View<Here>[] }) {
  const me = useVisitor()?.id;
  const shown = people.slice(0, MOST);
  return (
    <ul className={styles.people} aria-label="Who is here">
      {shown.map(({ id, name, color, device }) => {
        const label = `${name}${id === me ? " (you)" : ""}${device ? `, on a ${device}` : ""}`;
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

/** The people behind tabs: each once, however many tabs they have. */
export const eachOnce = (guests: readonly View<Guest>[]): readonly View<Here>[] =>
  guests.map(({ person, device }) => ({ ...person, device })).filter((guest, index, all) => all.findIndex(({ id }) => id === guest.id) === index);

/** The initials of the first two words. */
export const initials = (name: string) =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map(([first = ""]) => first.toUpperCase())
    .join("");
