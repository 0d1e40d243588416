import { computed, EventError, event, state } from "twinstate";

type Settle = { resolve(degrees: number): void; reject(error: EventError): void };
/** The runs that are under way, by city: events of the tests settle them. */
const open = new Map<string, Settle>();

/** A room whose weather comes when a test says so. */
export class Forecast {
  @state city = "";
  @computed get weather(): Promise<{ degrees: number }> {
    const { city } = this;
    return new Promise((resolve, reject) => open.set(city, { resolve: (degrees) => resolve({ degrees }), reject }));
  }
  @event move(city: string) {
    this.city = city;
  }
  @event settle(city: string, degrees: number) {
    open.get(city)?.resolve(degrees);
  }
  @event fail(city: string) {
    open.get(city)?.reject(new EventError("NO_STATION", `No station in ${city}.`));
  }
}
