import { newId } from "twinstate";

/** Whether a text can be the key of a room, as it stands in the URL. */
export const isKey = (key: string) => /^[a-z0-9-]{1,40}$/.test(key);

/** The key of a room that nobody knows yet. */
export const newKey = () =>
  newId()
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "")
    .slice(0, 12);
