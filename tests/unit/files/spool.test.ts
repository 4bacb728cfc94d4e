// Spooling: whatever the source's encoding and packing, the spool holds its text in UTF-8, once; what cannot be read
// says why.
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectEncoding } from '../../../adapters/files/encoding.ts';
import { spoolFile } from '../../../adapters/files/spool.ts';
import { transcoder } from '../../../adapters/files/transcode.ts';

let folder = '';
let spoolDir = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-spool-'));
  spoolDir = join(folder, 'spool');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function spool(content: Buffer, encoding?: string) {
  const path = join(folder, 'source.csv');
  await writeFile(path, content);
  const spooled = await spoolFile({ path, spoolDir, ...(encoding === undefined ? {} : { encoding }) });
  return { ...spooled, text: await readFile(spooled.path, 'utf8') };
}

const TRADITIONAL =
  '會員編號,姓名,手機,標籤,備註\nM001,王小明,0912345678,高級會員;台北,請於下午聯絡\nM002,陳美麗,0922333444,新客,謝謝您的支持\n';
const SIMPLIFIED =
  '会员编号,姓名,手机,标签,备注\nM001,王小明,0912345678,高级会员;台北,请于下午联系\nM002,陈美丽,0922333444,新客,谢谢您的支持\n';
const JAPANESE =
  '会員番号,氏名,電話,メモ\nM001,田中さくら,09012345678,よろしくお願いします\nM002,鈴木一郎,09087654321,ありがとうございます\n';

describe('spoolFile', () => {
  it.each([
    ['utf-8', TRADITIONAL, Buffer.from(TRADITIONAL)],
    ['utf-8', TRADITIONAL, Buffer.from(`\ufeff${TRADITIONAL}`)],
    ['utf-16le', TRADITIONAL, iconv.encode(TRADITIONAL, 'utf-16le', { addBOM: true })],
    ['utf-16be', TRADITIONAL, iconv.encode(TRADITIONAL, 'utf-16be', { addBOM: true })],
    ['utf-16le', TRADITIONAL, iconv.encode(TRADITIONAL, 'utf-16le')],
    ['utf-16be', TRADITIONAL, iconv.encode(TRADITIONAL, 'utf-16be')],
    ['big5', TRADITIONAL, iconv.encode(TRADITIONAL, 'big5')],
    ['gb18030', SIMPLIFIED, iconv.encode(SIMPLIFIED, 'gbk')],
    ['shift_jis', JAPANESE, iconv.encode(JAPANESE, 'shiftjis')],
  ])('reads %s, plain and packed', async (encoding, text, source) => {
    const sha256 = createHash('sha256').update(text).digest('hex');
    for (const content of [source, gzipSync(source)]) {
      expect(await spool(content)).toMatchObject({
        encoding,
        text,
        sha256,
        bytes: Buffer.byteLength(text),
        sourceBytes: content.length,
      });
      expect(await spool(content, encoding)).toMatchObject({ encoding, text, sha256 });
    }
  });

  it('keeps any text through any encoding that can hold it', async () => {
    const sentence = fc.array(
      fc.constantFrom(...'會員編號手機電話姓名陳林黃張李王台北市中山區大明小美高級訂閱標籤，。的是我有不人'),
      { minLength: 30, maxLength: 90 },
    );
    await fc.assert(
      fc.asyncProperty(sentence, fc.constantFrom('big5', 'utf-16le', 'utf-16be', 'utf-8'), async (words, encoding) => {
        const text = `id,name\n${words.join('')},0912345678\n`;
        expect((await spool(iconv.encode(text, encoding))).text).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  it('finds Chinese far behind an ASCII beginning', async () => {
    const text = `id,note\n${'1,plain\n'.repeat(60_000)}${TRADITIONAL}`;
    expect(await spool(iconv.encode(text, 'big5'))).toMatchObject({ encoding: 'big5', text });
  });

  it('cuts characters nowhere, however large the file', async () => {
    const text = TRADITIONAL.repeat(9000);
    for (const encoding of ['utf-8', 'big5', 'utf-16le', 'utf-16be'])
      expect((await spool(iconv.encode(`a${text}`, encoding))).text).toBe(`a${text}`);
  });

  it('takes \\r as a line break where it is the only one', async () => {
    expect((await spool(Buffer.from('a,b\r1,2\r'))).text).toBe('a,b\n1,2\n');
    expect((await spool(Buffer.from('a,b\r\n1\r,2\r\n'))).text).toBe('a,b\r\n1\r,2\r\n');
  });

  it.each([
    ['utf-8', iconv.encode(TRADITIONAL, 'big5'), 1, 'big5'],
    ['utf-8', Buffer.concat([Buffer.from('a,b\nc,d\ne,'), iconv.encode('王小明', 'big5')]), 3, null],
    ['big5', Buffer.from(`a,b\n${JAPANESE}`), 2, 'utf-8'],
    ['utf-16le', iconv.encode(TRADITIONAL, 'utf-16be', { addBOM: true }), 1, 'utf-16be'],
    ['big5', Buffer.from(`\ufeff${TRADITIONAL}`), 1, 'utf-8'],
  ])(
    'refuses a file that is not %s as declared, naming line and likely encoding',
    async (declared, content, line, looksLike) => {
      const details = looksLike === null ? { line } : { line, looksLike };
      await expect(spool(content, declared)).rejects.toMatchObject({ code: 'encoding_wrong', details });
    },
  );

  it('names the line of a broken byte in UTF-8', async () => {
    const broken = Buffer.concat([
      Buffer.from('x,y\n'.repeat(100_000)),
      Buffer.from([0xe7, 0x8e]),
      Buffer.from('\nx\n'),
    ]);
    await expect(spool(broken, 'utf-8')).rejects.toMatchObject({ code: 'encoding_wrong', details: { line: 100_001 } });
  });

  it.each([
    ['file_binary', Buffer.from('504b030414000600', 'hex'), /Excel/],
    ['file_binary', Buffer.from('%PDF-1.7 …'), /PDF/],
    ['file_binary', Buffer.from('89504e470d0a1a0a0000', 'hex'), /PNG/],
    ['file_binary', Buffer.from([1, 0, 2, 0, 0, 9, 0, 0, 0, 7, 0, 1, 0]), /zero bytes/],
    ['file_binary', gzipSync(Buffer.from('504b030414000600', 'hex')), /Excel/],
    ['file_empty', Buffer.alloc(0), /empty/],
    ['file_empty', Buffer.from('\ufeff'), /empty/],
    ['file_empty', gzipSync(Buffer.alloc(0)), /empty/],
    ['file_corrupt', gzipSync(Buffer.from(TRADITIONAL.repeat(99))).subarray(0, 60), /damaged/],
  ])('refuses with %s', async (code, content, message) => {
    await expect(spool(content)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await expect(spool(content, 'utf-8')).rejects.toMatchObject({ code });
  });

  it('says what is wrong with a path, and leaves nothing half-written', async () => {
    await expect(spoolFile({ path: join(folder, 'none.csv'), spoolDir })).rejects.toMatchObject({
      code: 'file_missing',
    });
    await expect(spoolFile({ path: folder, spoolDir })).rejects.toMatchObject({ code: 'file_unreadable' });
    await expect(spool(Buffer.from('a'), 'klingon')).rejects.toMatchObject({ code: 'encoding_unknown' });
    const stop = new AbortController();
    const path = join(folder, 'large.csv');
    await writeFile(path, TRADITIONAL.repeat(20_000));
    const progress: number[] = [];
    const onProgress = (bytes: number) => {
      progress.push(bytes);
      if (progress.length === 3) stop.abort(new Error('told to stop'));
    };
    await expect(spoolFile({ path, spoolDir, signal: stop.signal, onProgress })).rejects.toThrow('told to stop');
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect((await readdir(spoolDir)).filter((name) => !/^[0-9a-f]{64}\.txt$/.test(name))).toEqual([]);
  });
});

describe('detectEncoding', () => {
  it('bears a sample that ends inside a character', () => {
    const bytes = Buffer.from(TRADITIONAL);
    for (let length = 20; length < 60; length += 1) {
      expect(detectEncoding(bytes.subarray(0, length))).toMatchObject({ encoding: 'utf-8' });
    }
    for (let length = 60; length < 90; length += 1) {
      expect(detectEncoding(iconv.encode(TRADITIONAL, 'big5').subarray(0, length))).toMatchObject({ encoding: 'big5' });
    }
  });

  it('tells short Big5, GBK and Shift-JIS headers apart', () => {
    expect(detectEncoding(iconv.encode('會員編號,姓名,手機\n', 'big5')).encoding).toBe('big5');
    expect(detectEncoding(iconv.encode('会员编号,姓名,手机\n', 'gbk')).encoding).toBe('gb18030');
    expect(detectEncoding(iconv.encode('会員番号,名前,メール\n', 'shiftjis')).encoding).toBe('shift_jis');
    expect(detectEncoding(iconv.encode('name,note\nRenée,café\nZoë,naïve\n', 'windows-1252')).encoding).toBe(
      'windows-1252',
    );
  });
});

describe('a character that cannot be read', () => {
  const names = ['王小明', '陳美麗', '林志豪', '黃淑芬', '張家豪', '李雅婷', '吳宗翰', '劉怡君'];
  const big5 = (last: number[]) =>
    Buffer.concat([
      iconv.encode(`會員編號,姓名,城市\n${names.map((name, n) => `M${n},${name},高雄市\n`).join('')}M9,林`, 'big5'),
      Buffer.from(last),
      iconv.encode(',台中市\nM10,許志明,台北市\n', 'big5'),
    ]);

  it.each([
    ['Windows-950 user-defined', [0x8e, 0x55]],
    ['the end of that range', [0xa0, 0xfe]],
    ['what Hong Kong put there', [0xfb, 0x48]],
    ['no pair at all', [0xff]],
  ])('in Big5 costs itself, not the names of all: %s', async (_, bytes) => {
    const { encoding, text, lostCharacters } = await spool(big5(bytes));
    expect({ encoding, lostCharacters }).toEqual({ encoding: 'big5', lostCharacters: 1 });
    expect(text.split('\n')[9]).toBe('M9,林\uFFFD,台中市');
    expect(text.split('\n')[10]).toBe('M10,許志明,台北市');
    // In pieces of any size, and packed.
    expect((await spool(gzipSync(big5(bytes)))).text).toBe(text);
  });

  it('in a list of two people too', async () => {
    const bytes = Buffer.concat([
      iconv.encode('會員編號,姓名\nA0,王', 'big5'),
      Buffer.from([0xfa, 0x5f]),
      iconv.encode('明\nA1,李四\n', 'big5'),
    ]);
    expect(await spool(bytes)).toMatchObject({
      encoding: 'big5',
      lostCharacters: 1,
      text: expect.stringContaining('王\uFFFD明') as string,
    });
  });

  it('Hong Kong’s own characters are read where they are declared', async () => {
    expect(await spool(big5([0xfb, 0x48]), 'big5-hkscs')).toMatchObject({ encoding: 'big5-hkscs', lostCharacters: 0 });
  });

  it('in UTF-8, cut on the way', async () => {
    const whole = Buffer.from(TRADITIONAL.repeat(9));
    const at = whole.lastIndexOf(Buffer.from('陳'));
    const cut = Buffer.concat([whole.subarray(0, at + 1), whole.subarray(at + 3)]);
    const { encoding, text, lostCharacters } = await spool(cut);
    expect({ encoding, lostCharacters }).toEqual({ encoding: 'utf-8', lostCharacters: 1 });
    expect(text).toBe(`${whole.toString('utf8', 0, at)}\uFFFD${whole.toString('utf8', at + 3)}`);
  });

  it('many of them are another encoding, whatever was declared', async () => {
    for (const [bytes, declared] of [
      [Buffer.from(TRADITIONAL), 'big5'],
      [iconv.encode(TRADITIONAL, 'big5'), 'utf-8'],
      [iconv.encode(SIMPLIFIED, 'gbk'), 'utf-8'],
    ] as const)
      await expect(spool(bytes, declared)).rejects.toMatchObject({ code: 'encoding_wrong' });
  });

  it('pieces of every size give the same text', () => {
    const bytes = big5([0x8e, 0x55]);
    const once = transcoder('big5');
    const whole = Buffer.concat([once.write(bytes), once.end()]).toString();
    for (const size of [1, 2, 3, 7]) {
      const text = transcoder('big5');
      // The first piece alone would be too little to tell.
      const parts = [text.write(bytes.subarray(0, 120))];
      for (let at = 120; at < bytes.length; at += size) parts.push(text.write(bytes.subarray(at, at + size)));
      expect(Buffer.concat([...parts, text.end()]).toString()).toBe(whole);
    }
  });
});
