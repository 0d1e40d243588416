"use client";
import { Avatar } from "@base-ui/react/avatar";
import { initialsOf } from "twinstate/react/parts";

interface Person {
  readonly id: string;
  readonly name: string;
  readonly image?: string | undefined;
}

/** Who is here: each person once, from `eachOnce`. */
export function People({ people, most = 5 }: { people: readonly Person[]; most?: number }) {
  const more = people.length - most;
  return (
    <ul aria-label="Who is here" className="flex pl-2">
      {people.slice(0, most).map(({ id, name, image }) => (
        <li key={id} title={name} className="-ml-2">
          <Avatar.Root
            role="img"
            aria-label={name}
            className="flex size-8 items-center justify-center overflow-hidden rounded-full border-2 border-background bg-secondary text-xs font-medium text-secondary-foreground"
          >
            {image !== undefined && <Avatar.Image src={image} alt="" className="size-full object-cover" />}
            <Avatar.Fallback aria-hidden>{initialsOf(name)}</Avatar.Fallback>
          </Avatar.Root>
        </li>
      ))}
      {more > 0 && (
        <li className="-ml-2 flex size-8 items-center justify-center rounded-full border-2 border-background bg-secondary text-xs font-medium">
          +{more} <span className="sr-only">more</span>
        </li>
      )}
    </ul>
  );
}
