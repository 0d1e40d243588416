import { event, type Internal, schedule, state } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { type Equal, is } from "./equal";

class Seat {
  @state id = "";
}

export class Show {
  @state open = false;
  @state seats: Seat[] = [];

  @event close() {
    this.open = false;
  }
  @event release(id: string, count = 1) {
    void [id, count];
  }
  @event async *count(to: bigint) {
    yield to;
  }
  @event({ internal: true }) tidy(this: Internal<this>, days: number) {
    void days;
  }
  @event openUntil(date: Date) {
    const id = schedule.at(date, this.close, [], { id: "close" });
    is<Equal<typeof id, string>>();
    schedule.at(date.getTime(), this.close);
    schedule.after(5000, this.close);
    schedule.after("5m", this.release, ["a"]);
    schedule.after("1.5h", this.release, ["a", 2], { id: "release" });
    schedule.after(1, this.count, [5n]);
    schedule.after(1, this.tidy, [30]);
    schedule.every("5m", this.close, [], { id: "close" });
    schedule.every(60_000, this.close, [], { id: "close" });
    schedule.every("0 9 * * MON-FRI", this.release, ["a"], { id: "release", timeZone: "Europe/Berlin" });
    schedule.cancel(id);
    // @ts-expect-error the event needs an argument
    schedule.after(1, this.release);
    // @ts-expect-error the same
    schedule.at(date, this.release, [], { id: "x" });
    // @ts-expect-error of another type
    schedule.after(1, this.release, [5]);
    // @ts-expect-error one too many
    schedule.after(1, this.release, ["a", 1, 2]);
    // @ts-expect-error arguments are an array
    schedule.after(1, this.release, "a");
    // @ts-expect-error one too many
    schedule.every("5m", this.close, [1], { id: "close" });
    // @ts-expect-error every needs an id
    schedule.every("5m", this.close, []);
    // @ts-expect-error no time
    schedule.after("soon", this.close);
    // @ts-expect-error no date
    schedule.at("tomorrow", this.close);
    // @ts-expect-error no event
    schedule.after(1, this.open);
    // @ts-expect-error a time zone is for cron lines
    schedule.after(1, this.close, [], { timeZone: "UTC" });
  }
}

const twin = createTwin({ stores: { show: scope.room(Show, { allow: () => true }) } });

export async function operator() {
  for (const { id, event, args, at, every } of await twin.show("k").$schedules()) void [id.length, event.length, args.length, at.getTime(), every];
  const there = await twin.show("k").$unschedule("close");
  is<Equal<typeof there, boolean>>();
}
