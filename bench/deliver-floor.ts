// The floor of delivery: undici alone against the same server, the same body, no ledger, at its best number of connections.
import { Pool } from 'undici';

/** Requests a second by number of connections; the best of them is the floor. */
export async function deliverFloor(
  simulator: string,
  requests: number,
): Promise<{ connections: number; perSecond: number; all: Record<string, number> }> {
  const all: Record<string, number> = {};
  for (const connections of [16, 64, 256]) all[connections] = await measure(simulator, requests, connections);
  const [connections, perSecond] = Object.entries(all).sort(([, a], [, b]) => b - a)[0]!;
  return { connections: Number(connections), perSecond, all };
}

async function measure(simulator: string, requests: number, connections: number): Promise<number> {
  const pool = new Pool(simulator, { connections, pipelining: 1 });
  const headers = { authorization: 'Bearer floor', 'content-type': 'application/json' };
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < requests) {
      const n = next++;
      const body = `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+8869${String(n).padStart(8, '0')}","biz_opaque_callback_data":"floor.${connections}.${n}","type":"template","template":{"name":"bench","language":{"code":"en"}}}`;
      const answer = await pool.request({ method: 'POST', path: '/v23.0/floor/messages', headers, body });
      await answer.body.text();
      if (answer.statusCode !== 200) throw new Error(`the simulator answered ${answer.statusCode}`);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: connections }, lane));
  const seconds = (performance.now() - start) / 1000;
  await pool.close();
  return requests / seconds;
}
