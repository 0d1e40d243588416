import { state } from "twinstate";
import { z } from "zod";

type Theme = "light" | "dark";

export class Prefs {
  @state({ keep: "cookie", input: z.enum(["light", "dark"]) }) theme: Theme = "light";
  @state({ keep: "localStorage" }) name: string = "";
  @state({ keep: "localStorage" }) size = 10;
  @state({ keep: "sessionStorage" }) open = false;
  @state({ keep: "localStorage", input: z.object({ tags: z.array(z.string()) }) }) filter: { tags: string[] } = { tags: [] };
  @state({ keep: "localStorage", input: z.string().optional() }) last: string | undefined;

  // @ts-expect-error nothing checks that the text is one of the two
  @state({ keep: "cookie" }) unchecked: Theme = "light";
  // @ts-expect-error nothing checks an object
  @state({ keep: "localStorage" }) object: { tags: string[] } = { tags: [] };
  // @ts-expect-error nothing checks that it is a text, or missing
  @state({ keep: "localStorage" }) maybe: string | undefined = "";
  // @ts-expect-error the schema's output is not the field's type
  @state({ keep: "cookie", input: z.string() }) wide: Theme = "light";
  // @ts-expect-error no such place
  @state({ keep: "indexedDB" }) place: string = "";
  // @ts-expect-error a private field is seen by no browser
  @state({ keep: "cookie", private: true }) protected secret: string = "";
  // @ts-expect-error a private field is seen by no browser
  @state({ keep: "cookie" }) protected hidden: string = "";
  // @ts-expect-error what is kept is stored
  @state({ keep: "cookie", persist: false }) fleeting: string = "";
  // @ts-expect-error what is kept is seen by whoever has the browser
  @state({ keep: "cookie", visibleTo: () => true }) some: string | undefined = "";
  // @ts-expect-error `input` checks what browsers bring of a kept field
  @state({ input: z.string() }) alone: string = "";
}
