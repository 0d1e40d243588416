import { type AppContext, EventError, event, type Internal, state } from "twinstate";
import { z } from "zod";

export interface SignIn {
  id: string;
  name: string;
  device: "phone" | "computer";
  at: Date;
}

const MOST_SIGN_INS = 5;

const isAdmin = ({ user }: AppContext) => user?.account === "admin";

function onlyAdmins(context: AppContext): true {
  if (isAdmin(context)) return true;
  throw new EventError("FORBIDDEN", "Only admins may change the notice.");
}

/** A notice for everybody, which admins write. */
export class Bulletin {
  @state notice = "";
  /** The next notice. Other browsers receive neither its text nor its name. */
  @state({ visibleTo: isAdmin }) nextNotice: string | undefined = "";
  /** The last sign-ins, the newest first. */
  @state({ visibleTo: isAdmin }) signIns: SignIn[] | undefined = [];

  @event({ guard: onlyAdmins, input: [z.string().max(300)] }) compose(text: string) {
    this.nextNotice = text;
  }

  @event({ guard: onlyAdmins }) publish() {
    this.notice = this.nextNotice ?? "";
    this.nextNotice = "";
  }

  @event({ guard: onlyAdmins }) takeDown() {
    this.notice = "";
  }

  @event({ internal: true }) record(this: Internal<this>, signIn: SignIn) {
    this.signIns = [signIn, ...(this.signIns ?? [])].slice(0, MOST_SIGN_INS);
  }
}
