export { type Node, startNode } from "./node.ts";
