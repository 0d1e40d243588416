import { posts } from "../../../../state/posts";

export const { GET, POST } = posts.handlers;
