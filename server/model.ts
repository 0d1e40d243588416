// The entry `twinstate` under Node: what compilers emit of parameters' types is kept, as the server checks arguments by it.
import "reflect-metadata";

export * from "../lib/index.js";
