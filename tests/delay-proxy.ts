// A TCP proxy that holds every byte back for a while each way: a server as far away as wanted, for tests of latency.
import net from 'node:net';
import type { AddressInfo } from 'node:net';

export interface DelayProxy {
  port: number;
  close(): Promise<void>;
}

/** Listens on a free port of this machine and forwards to `host:port`; a round trip takes `roundTripMs` longer. */
export async function openDelayProxy(host: string, port: number, roundTripMs: number): Promise<DelayProxy> {
  const sockets = new Set<net.Socket>();
  const forward = (from: net.Socket, to: net.Socket): void => {
    // Timers of one length end in the order they began: bytes stay in order.
    from.on('data', (bytes) => void setTimeout(() => to.writable && to.write(bytes), roundTripMs / 2));
    from.on('end', () => void setTimeout(() => to.end(), roundTripMs / 2));
    from.on('error', () => to.destroy());
    from.on('close', () => sockets.delete(from));
    sockets.add(from);
  };
  const server = net.createServer({ noDelay: true }, (client) => {
    const upstream = net.connect({ host, port, noDelay: true });
    forward(client, upstream);
    forward(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
