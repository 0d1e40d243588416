import { computed, event, state } from "twinstate";
export class Stats {
  @state rows: { id: number; value: number }[] = [];
  @state({ visibleTo: ({ user }) => user?.admin === true }) revenue: number | undefined = 0;
  @computed({ visibleTo: ({ user }) => user?.admin === true }) get total() {
    return this.rows.length as number | undefined;
  }
  @computed get slow() {
    return Promise.resolve(3);
  }
  @computed get lines(): Promise<readonly { id: number; parts: Map<string, Date> }[]> {
    return Promise.resolve([]);
  }
  @computed get maybe(): Promise<string> | undefined {
    return undefined;
  }
  // @ts-expect-error a computed has one value
  @computed get steps() {
    return (function* () {
      yield 1;
    })();
  }
  // @ts-expect-error a computed has one value, or a promise of it
  @computed get later() {
    return (async function* () {
      yield 1;
    })();
  }
  // @ts-expect-error visibleTo on a field that cannot be absent
  @state({ visibleTo: () => true }) wrong = 0;
  // @ts-expect-error a private field with @state would be sent
  @state private oops = 0;
  // @ts-expect-error a public field is not private
  @state({ private: true }) pub = 0;
  // @ts-expect-error a private event
  @event private hidden() {
    return this.oops;
  }
  // @ts-expect-error computed on a method
  @computed wrongly() {
    return 1;
  }
  // @ts-expect-error state on a method
  @state method() {
    return this.hidden();
  }
  // @ts-expect-error event on a field
  @event field = 1;
  @event({ guard: ({ user }) => user?.admin === true }) reset() {
    this.rows = [];
  }
  @event({ guard: ({ user }, stats: Stats, min: number) => stats.rows.length > min && !!user }) trim(min: number) {
    void min;
  }
  // @ts-expect-error guard of another store
  @event({ guard: (_, other: { nothing: string }) => other.nothing === "" }) other() {}
  // @ts-expect-error unknown option
  @event({ optimstic: true }) typo() {}
}
