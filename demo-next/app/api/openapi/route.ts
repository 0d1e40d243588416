import { twin } from "../../../state/server";

export const GET = () => Response.json(twin.openapi({ title: "The demo of twinstate", version: "1", url: "/api/twin" }));
