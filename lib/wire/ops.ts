// The ops of a delta, as their first element names them: PROTOCOL.md §4. What follows each op is in its comment.

/** Sets a property: container, name, slot. */
export const SET = 0;
/** Deletes a property: container, name. */
export const DELETE = 1;
/** Replaces items of an array: container, index, count of removed items, slots. */
export const SPLICE = 2;
/** Removes items of an array: container, index, count of removed items. */
export const CUT = 3;
/** Sets an item of an array: container, index, slot. */
export const SET_ITEM = 4;
/** Sets an entry of a Map: container, key as a slot, slot. */
export const MAP_SET = 5;
/** Deletes an entry of a Map: container, key as a slot. */
export const MAP_DELETE = 6;
/** Adds a member to a Set: container, slot. */
export const SET_ADD = 7;
/** Deletes a member of a Set: container, slot. */
export const SET_DELETE = 8;
/** Clears a Map or a Set: container. */
export const CLEAR = 9;
/** Sets one property of several containers: name, differences between the containers' numbers, slots. */
export const SET_MANY = 10;
/** Forgets the numbers of all containers that cannot be reached from the store, after the bodies are filled. */
export const SWEEP = 11;
/** Replaces a part of a string: container, key, index, count of removed UTF-16 units, text. The key is a name, an index, or a slot. */
export const TEXT = 12;
/** Appends to a string: container, key, text. */
export const APPEND = 13;
