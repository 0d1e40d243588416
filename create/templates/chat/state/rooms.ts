import { type AppContext, event, newId, state } from "twinstate";
import { z } from "zod";

export const signedIn = ({ user }: AppContext) => user !== null;

const MOST = 200;
const Title = z.string().trim().min(1).max(60);

export interface RoomName {
  id: string;
  title: string;
}

/** The list of all rooms. Everybody shares it. */
export class Rooms {
  @state list: RoomName[] = [];

  /** Makes a room, and returns its id. */
  @event({ optimistic: true, guard: signedIn, input: [Title] }) make(title: string) {
    const id = newId();
    this.list.unshift({ id, title });
    this.list = this.list.slice(0, MOST);
    return id;
  }
}
