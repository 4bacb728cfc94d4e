// A TCP proxy that holds every byte back for a while each way: a server as far away as wanted, for tests of latency.
import net from 'node:net';
import type { AddressInfo } from 'node:net';

export interface DelayProxy {
  port: number;
  /** A round trip takes so much longer from now on. */
  delay(roundTripMs: number): void;
  close(): Promise<void>;
}

/** Listens on a free port of this machine and forwards to what `target` says; a round trip takes `roundTripMs` longer. */
export async function openDelayProxy(
  target: () => { host: string; port: number },
  roundTripMs: number,
): Promise<DelayProxy> {
  let oneWayMs = roundTripMs / 2;
  const sockets = new Set<net.Socket>();
  const forward = (from: net.Socket, to: net.Socket): void => {
    // In order, also when the delay was changed in between.
    let dueMs = 0;
    const later = (work: () => void): void => {
      dueMs = Math.max(dueMs, performance.now() + oneWayMs);
      setTimeout(work, dueMs - performance.now());
    };
    from.on('data', (bytes) => later(() => void (to.writable && to.write(bytes))));
    from.on('end', () => later(() => void to.end()));
    from.on('error', () => to.destroy());
    from.on('close', () => sockets.delete(from));
    sockets.add(from);
  };
  const server = net.createServer({ noDelay: true }, (client) => {
    const upstream = net.connect({ ...target(), noDelay: true });
    forward(client, upstream);
    forward(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    delay: (ms) => {
      oneWayMs = ms / 2;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
