/**
 * Node's HTTP/1, as `require` would give it. An `import` of it reads everything it exports,
 * WebSocket among it, and so loads Node's whole fetch client: 50 ms of a process's start, and 17 MB
 * for as long as it runs.
 */
export const http: typeof import("node:http") = process.getBuiltinModule("node:http");
