import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/**
 * Ports of the loopback interface that were free a moment ago, for servers that cannot say which
 * one they were given.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ports.push((server.address() as AddressInfo).port);
  }
  for (const server of servers) server.close();
  return ports;
}
