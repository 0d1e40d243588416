import { newId } from "twinstate";

/** Whether a text from the URL can be the key of a room. */
export const isKey = (key: string) => /^[a-z0-9-]{1,40}$/.test(key);

/** Makes the key of a new room. */
export const newKey = () =>
  newId()
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "")
    .slice(0, 12);
