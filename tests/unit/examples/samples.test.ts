// The sample files: made the same every time, read without a question asked, and dirty in the ways they promise.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFile } from '../../../adapters/files/open-file.ts';
import { spoolFile } from '../../../adapters/files/spool.ts';
import { inspectFile, type FileProfile, type InspectOptions } from '../../../pipelines/import/inspect-file.ts';
import { normaliseBlock } from '../../../pipelines/import/normalise-block.ts';
import { readRecordBlocks } from '../../../pipelines/source/record-blocks.ts';
import type { StagedRow } from '../../../pipelines/import/staged-row.ts';

const examples = fileURLToPath(new URL('../../../examples/', import.meta.url));
const base = { defaultCountry: 'TW', timeZone: 'Asia/Taipei' };

let spoolDir = '';
beforeAll(async () => {
  spoolDir = await mkdtemp(join(tmpdir(), 'sluice-samples-'));
});
afterAll(async () => rm(spoolDir, { recursive: true, force: true }));

async function readSample(name: string, options: InspectOptions) {
  const spooled = await spoolFile({ path: join(examples, name), spoolDir });
  const reader = await openFile(spooled.path);
  try {
    const { profile } = await inspectFile({ reader, bytes: spooled.bytes, encoding: spooled.encoding }, options);
    const rows: StagedRow[] = [];
    let blank = 0;
    const source = {
      reader,
      fromByte: profile.dataByte,
      firstLine: profile.dataLine,
      ...marks(profile),
      blockBytes: 4096,
    };
    for await (const block of readRecordBlocks(source)) {
      const normalised = normaliseBlock(block, profile.plan);
      rows.push(...normalised.rows);
      blank += normalised.blank;
    }
    return { profile, rows, blank, reasons: countReasons(rows) };
  } finally {
    await reader.close();
  }
}

function marks({ delimiter, quote }: FileProfile) {
  return { delimiter, quote };
}

function countReasons(rows: StagedRow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of rows) if (reason !== null) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

describe('sample files', () => {
  it('are what make-samples.mjs makes', async () => {
    const module = (await import(join(examples, 'make-samples.mjs'))) as { makeSamples(): Record<string, Buffer> };
    for (const [name, bytes] of Object.entries(module.makeSamples()))
      expect(bytes.equals(await readFile(join(examples, name)))).toBe(true);
  });

  it('LINE: UTF-8 with a mark, Chinese headers', async () => {
    const { profile, rows, blank, reasons } = await readSample('line-contacts.csv', {
      channelKind: 'line',
      ...base,
      createAttributes: true,
    });
    expect(profile).toMatchObject({ encoding: 'utf-8', delimiter: ',', headerRow: 1, plan: { matchBy: 'social_id' } });
    expect(profile.newAttributes).toEqual([
      { name: '會員等級', type: 'text' },
      { name: '生日', type: 'date' },
      { name: '累積消費', type: 'number' },
      { name: '備註', type: 'text' },
    ]);
    expect([rows.length, blank]).toEqual([302, 2]);
    expect(reasons).toEqual({
      phone_scientific_notation: 1,
      email_invalid: 2,
      social_id_invalid: 1,
      social_id_missing: 1,
      member_id_scientific_notation: 1,
    });
  });

  it('WhatsApp: semicolons, day-first dates, numbers in every spelling', async () => {
    const { profile, rows, blank, reasons } = await readSample('whatsapp-contacts.csv', {
      channelKind: 'whatsapp',
      defaultCountry: 'HK',
      timeZone: 'Asia/Hong_Kong',
    });
    expect(profile).toMatchObject({
      delimiter: ';',
      plan: { matchBy: 'social_id', dateFormat: 'dd/MM/yyyy[ H:mm[:ss]]' },
    });
    expect([rows.length, blank]).toEqual([301, 2]);
    expect(reasons).toEqual({
      phone_not_mobile: 1,
      phone_scientific_notation: 1,
      phone_missing: 1,
      phone_invalid: 1,
      email_invalid: 1,
      subscribed_invalid: 1,
      subscribed_since_invalid: 1,
    });
  });

  it('Messenger: Big5 with a preamble', async () => {
    const { profile, rows, blank, reasons } = await readSample('messenger-contacts.csv', {
      channelKind: 'messenger',
      ...base,
    });
    expect(profile).toMatchObject({ encoding: 'big5', headerRow: 4, skipped: { preamble: 2, blank: 1, header: 1 } });
    expect([rows.length, blank]).toEqual([302, 1]);
    expect(reasons).toEqual({
      social_id_scientific_notation: 1,
      social_id_invalid: 1,
      email_invalid: 1,
      phone_invalid: 1,
      column_count: 1,
    });
    expect(rows.find((row) => row.displayName === '王 "小 明"')).toBeDefined();
    expect(rows.some((row) => row.tags?.includes('VIP'))).toBe(true);
  });
});
