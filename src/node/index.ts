export { type Ending, type Node, startNode } from "./node.ts";
