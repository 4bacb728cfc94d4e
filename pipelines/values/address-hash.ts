// HMAC-SHA256(key, channel, address): how an address is remembered without being kept. The same as the SQL function
// address_hash; a test holds them together.
import { createHash, createHmac } from 'node:crypto';

/** The two halves of the HMAC key of suppressions, padded for hashing in SQL. */
export interface SuppressionPads {
  inner: Buffer;
  outer: Buffer;
}

const BLOCK_BYTES = 64;

/** The two padded keys of HMAC, so that Postgres can hash rows where they are. */
export function suppressionPads(key: string): SuppressionPads {
  const given = Buffer.from(key, 'utf8');
  const short = given.length > BLOCK_BYTES ? createHash('sha256').update(given).digest() : given;
  const padded = Buffer.alloc(BLOCK_BYTES);
  short.copy(padded);
  return { inner: padded.map((byte) => byte ^ 0x36) as Buffer, outer: padded.map((byte) => byte ^ 0x5c) as Buffer };
}

/** `channel` is a channel id, or `*` for every channel; `address` a social id, E.164 phone or e-mail key. 32 bytes. */
export function addressHash(key: string, channel: string, address: string): Buffer {
  return createHmac('sha256', key).update(`${channel}\u001f${address}`).digest();
}

/** Tells keys apart without giving them away; stored with the first suppression. */
export function keyFingerprint(key: string): string {
  return createHash('sha256').update(`sluice suppression key\u001f${key}`).digest('hex').slice(0, 16);
}
