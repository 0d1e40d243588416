import { current, EventError, effect, event, state } from "twinstate";
export class Chat {
  @state messages: { id: string; from: string; text: string; message?: string; name?: string }[] = [];
  @event say(text: string) {
    const { user } = current();
    if (!user) throw new EventError("CLOSED", "closed");
    this.messages.push({ id: "1", from: user.name, text });
    effect.confetti(3);
    effect.toast("sent");
    effect.redirect("/x");
    effect.redirect("https://example.com", { external: true, replace: true });
    effect.toast("sent", { kind: "success", duration: Number.POSITIVE_INFINITY });
    effect.download("/file", "name", { external: true });
    effect.download(new Blob(["x"]), "x.txt");
    effect.download({ data: new Uint8Array(1) });
    effect.focus("field");
    effect.scrollTo("end", { behavior: "smooth", block: "end" });
    // @ts-expect-error there is no such kind
    effect.toast("x", { kind: "odd" });
    // @ts-expect-error a file has data
    effect.download({ type: "text/plain" });
    // @ts-expect-error an element is named by its id
    effect.focus(5);
    // @ts-expect-error typed effects
    effect.confetti("x");
    effect.everyone.toast("all");
    effect.everyone.confetti(3);
    // @ts-expect-error an effect for all has no further addressee
    effect.everyone.everyone.toast("x");
    // @ts-expect-error typed effects, for all too
    effect.everyone.confetti("x");
    const { connection } = current();
    if (connection) effect.to(connection).confetti(3);
    effect.to("the id of a connection").toast("one");
    // @ts-expect-error there may be no connection
    effect.to(connection);
  }
  @event buy() {
    // @ts-expect-error the data is required and typed
    if (this.messages.length === 1) throw new EventError("SOLD_OUT", "sold out");
    // @ts-expect-error the data is typed
    if (this.messages.length === 2) throw new EventError("SOLD_OUT", "sold out", { left: "x" });
    // @ts-expect-error unknown code
    if (this.messages.length === 3) throw new EventError("SOLD_OT", "x");
    throw new EventError("SOLD_OUT", "sold out", { left: 0 });
  }
}
