"use client";
import { useDeferredValue } from "react";
import type { View } from "twinstate";
import { useNotes } from "../state/client";
import { Note } from "../state/stores";

function Row({ note }: { note: View<Note> }) {
  return (
    <li>
      {note.words.join("-")} {note instanceof Note ? "of its class" : "plain"} {note.at.getTime()}
    </li>
  );
}

export function Notes({ name }: { name: string }) {
  const notes = useNotes();
  const later = useDeferredValue(notes.notes);
  return (
    <section aria-label={name}>
      <h1>
        {notes.count} notes, {notes.tags.size} words, {notes.longest} in the longest
      </h1>
      <form action={(form) => void notes.add(String(form.get("text")))}>
        <input name="text" aria-label={`New in ${name}`} />
      </form>
      <ul>
        {later.map((note, i) => (
          <Row key={i} note={note} />
        ))}
      </ul>
      <button type="button" onClick={() => void notes.go("/search?q=t")}>
        go
      </button>
    </section>
  );
}
