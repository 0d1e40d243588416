import { type Call, event, type Internal, type StreamCall, state, type View } from "twinstate";
import { useEvent, useField, useLocal } from "twinstate/react";
import { type Equal, is } from "./equal";

class Draft {
  @state title: string;
  @state tags: string[] = [];
  @state({ private: true }) private sent = 0;
  constructor(title = "") {
    this.title = title;
  }
  @event setTitle(title: string) {
    this.title = title;
    return title.length;
  }
  @event async save(send: (title: string) => Promise<number>) {
    this.sent = await send(this.title);
  }
  @event *count(n: number) {
    for (let i = 0; i < n; i++) yield i;
    return "done";
  }
  @event({ internal: true }) inside(this: Internal<this>) {
    return this.sent;
  }
  protected onLoad() {}
}
class NeedsTitle {
  constructor(readonly title: string) {}
}

export function Page({ title }: { title: string }) {
  const draft = useLocal(Draft);
  is<Equal<typeof draft, View<Draft>>>();
  const made = useLocal(() => new Draft(title));
  is<Equal<typeof made, View<Draft>>>();
  const length = draft.setTitle("x");
  is<Equal<typeof length, Call<number>>>();
  const counting = draft.count(3);
  is<Equal<typeof counting, StreamCall<number, string>>>();
  const field = useField(draft, "title");
  const [save] = useEvent(draft.save);
  // @ts-expect-error a class whose constructor needs arguments
  useLocal(NeedsTitle);
  // @ts-expect-error an instance is made by a function
  useLocal(new Draft());
  // @ts-expect-error what the class begins with is its constructor's, or the function's
  useLocal(Draft, { title });
  // @ts-expect-error a view is read-only
  draft.title = title;
  // @ts-expect-error a view is read-only, deep
  draft.tags.push(title);
  // @ts-expect-error private
  draft.sent;
  // @ts-expect-error protected
  draft.onLoad;
  // @ts-expect-error for the class's own code
  draft.inside();
  // @ts-expect-error another argument
  draft.setTitle(7);
  // @ts-expect-error no server calls it
  draft.$pending;
  return (
    <form action={draft.setTitle.form.bind(null, "x")}>
      <input {...field} />
      <button type="button" onClick={() => save(async (text) => text.length)}>
        {made.tags.length}
      </button>
    </form>
  );
}
