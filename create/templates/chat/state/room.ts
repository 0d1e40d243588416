import { computed, current, EventError, event, type Presence, presence, state } from "twinstate";
import { z } from "zod";
import { Message } from "./message";
import { signedIn } from "./rooms";

const MOST = 300;
const Text = z.string().trim().min(1).max(2000);
const Own = z.object({ typing: z.boolean().optional() });

/** A room, as browsers know it. The browser runs `say` at once, and the server runs it too. */
export class Room {
  @state messages: Message[] = [];
  /** The tabs of signed-in users that show the room. */
  @presence({ of: ({ user }) => user && { name: user.name }, input: Own }) people!: Presence<{ name: string }, z.infer<typeof Own>>;

  /** Whether the model writes. */
  @computed get writing() {
    return this.messages.some(({ status }) => status === "writing");
  }

  @event({ optimistic: true, guard: signedIn, input: [Text] }) say(text: string) {
    const { visitor } = current();
    if (!visitor) throw new EventError("FORBIDDEN", "Sign in to write.");
    this.add({ userId: visitor.id, by: visitor.name, text });
  }

  protected add(content: Partial<Message>) {
    const message = Object.assign(new Message(), content);
    this.messages.push(message);
    if (this.messages.length > MOST) this.messages.shift();
    return message;
  }
}
