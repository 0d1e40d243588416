/** `1.2 kB` */
export const bytes = (n: number): string => (n < 1000 ? `${n} B` : n < 1e6 ? `${(n / 1000).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`);

/** How long from one time to the other: `12 ms`; nothing where one of them is still to come. */
export const between = (from: number | undefined, to: number | undefined): string => (from === undefined || to === undefined ? "" : ms(to - from));

export const ms = (time: number): string => (time < 10 ? `${time.toFixed(1)} ms` : time < 10_000 ? `${Math.round(time)} ms` : `${(time / 1000).toFixed(1)} s`);

/** `14:03:59.120` */
export const clock = (time: Date): string => `${time.toLocaleTimeString("en-GB")}.${String(time.getMilliseconds()).padStart(3, "0")}`;
