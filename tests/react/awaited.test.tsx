import { observer } from "mobx-react-lite";
import { memo, useEffect } from "react";
import { createRoot, type Root } from "react-dom/client";
import { EventError, type Pending } from "twinstate";
import { createHooks, type StoreView } from "twinstate/react";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import type { Scoped } from "../../server/definition/scope.js";
import type { Forecast } from "./kit/forecasts.js";
import { renders, soon, useCount } from "./kit/page.js";

interface Twin {
  readonly "~stores": { forecast: Scoped<"room", Forecast> };
  readonly "~models": {};
}
const { TwinProvider, useForecast, useLiveForecast } = createHooks<Twin>();

// These pages talk to a real server: what they wait for is the network, which no `act` knows.
beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = false;
});
const roots: Root[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) root.unmount();
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
});

/** The twin, for tests to call. */
let forecast: StoreView<Forecast>;

const textOf = ({ value, pending, error }: Pending<{ degrees: number }>) =>
  `${value ? `${value.degrees}°` : "nothing"}${pending ? ", loading" : ""}${EventError.is(error, "NO_STATION" as never) ? `: ${error.message}` : ""}`;

const Degrees = memo(function Degrees({ of }: { of: { degrees: number } }) {
  useCount("Degrees");
  return <i>{of.degrees}</i>;
});

function Weather({ room }: { room: string }) {
  const shown = useForecast(room);
  useEffect(() => {
    forecast = shown;
  }, [shown]);
  const { weather } = shown;
  return (
    <>
      <b>{textOf(weather)}</b>
      {weather.value && <Degrees of={weather.value} />}
    </>
  );
}

const LiveWeather = observer(function LiveWeather({ room }: { room: string }) {
  "use no memo";
  return <u>{textOf(useLiveForecast(room).weather)}</u>;
});

test("a component shows the last value while the next one is awaited, its error, and renders no part that has not changed", async () => {
  const room = `awaited ${Math.random()}`;
  const element = document.body.appendChild(document.createElement("div"));
  onTestFinished(() => element.remove());
  const root = createRoot(element);
  roots.push(root);
  root.render(
    <TwinProvider>
      <Weather room={room} />
      <LiveWeather room={room} />
    </TwinProvider>,
  );
  const shows = (text: string) => soon(() => expect(["b", "u"].map((tag) => element.querySelector(tag)?.textContent)).toEqual([text, text]));
  await shows("nothing, loading");
  await forecast.settle("", 20);
  await shows("20°");
  renders("Degrees");
  await forecast.move(`${room} 1`);
  await shows("20°, loading");
  await forecast.fail(`${room} 1`);
  await shows(`20°: No station in ${room} 1.`);
  await forecast.move(`${room} 2`);
  await shows(`20°, loading: No station in ${room} 1.`);
  expect(renders("Degrees")).toBe(0);
  await forecast.settle(`${room} 2`, 25);
  await shows("25°");
});
