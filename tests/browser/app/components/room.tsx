"use client";
import { useRoom } from "../state/client";

export function Room({ name }: { name: string }) {
  const room = useRoom(name);
  return (
    <section>
      <h1>{room.here} here</h1>
      <form action={(form) => void room.say(String(form.get("text")))}>
        <input name="text" aria-label="Say" />
      </form>
      <ul>
        {room.lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  );
}
