import { EventError, effect, event, newId, state, update } from "twinstate";
import { z } from "zod";

export const ROOMS = ["Garden", "Library", "Hall"] as const;
export type Room = (typeof ROOMS)[number];

const Guest = z.object({
  name: z.string().trim().min(1, "Say a name.").max(60, "The name is too long."),
  email: z.email("This is no e-mail address."),
});
const MOST_GUESTS = 20;

/** A visitor's booking: a value of each kind, each set by an event of its own. */
export class Booking {
  @state title = "Summer party";
  @state note = "";
  @state room: Room = "Garden";
  @state seats = 12;
  @state music = true;
  @state confirmed = false;
  @state guests: { id: string; name: string; email: string }[] = [];
  @state files: { id: string; name: string; size: number }[] = [];

  @event({ optimistic: true, input: [z.string().max(40, "The title may have 40 letters.")] }) setTitle(title: string) {
    this.title = title;
  }
  @event({ optimistic: true, input: [z.string().max(500, "The note may have 500 letters.")] }) setNote(note: string) {
    this.note = note;
  }
  @event({ optimistic: true, input: [z.enum(ROOMS)] }) setRoom(room: Room) {
    this.room = room;
  }
  @event({ optimistic: true, input: [z.number().int().min(1).max(60)] }) setSeats(seats: number) {
    this.seats = seats;
  }
  @event({ optimistic: true, input: [z.boolean()] }) setMusic(music: boolean) {
    this.music = music;
  }
  @event({ optimistic: true, input: [z.boolean()] }) setConfirmed(confirmed: boolean) {
    this.confirmed = confirmed;
  }

  @event({ input: [Guest] }) invite({ name, email }: z.infer<typeof Guest>) {
    if (this.guests.length >= MOST_GUESTS) throw new EventError("FORBIDDEN", `${MOST_GUESTS} guests are enough.`);
    if (this.guests.some((guest) => guest.email === email)) throw new EventError("FORBIDDEN", `${email} is invited already.`);
    this.guests.push({ id: newId(), name, email });
    effect.toast(`${name} is invited.`, { kind: "success" });
  }

  @event({ input: [z.string().max(30)] }) remove(id: string) {
    this.guests = this.guests.filter((guest) => guest.id !== id);
  }

  /** Counts the bytes of a file as they come. Nothing of it is kept. */
  @event({ background: true, input: [z.file().max(50_000_000, "A file may have 50 MB.")] }) async attach(file: File) {
    let size = 0;
    for await (const chunk of file.stream()) size += chunk.byteLength;
    await update(() => {
      this.files = [...this.files, { id: newId(), name: file.name, size }].slice(-5);
    });
  }
}
