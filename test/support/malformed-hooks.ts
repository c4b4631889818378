import { goodHook, type MakeBadHook, type RawHook, signHook } from './hooks.ts'

/** Hooks that are signed as they should be, and no hooks all the same. */
export const malformed = (secret: string): Record<string, MakeBadHook> => {
  const signed = (body: string, headers: object = {}): RawHook => ({
    body: Buffer.from(body),
    headers: { ...signHook(body, { secret }), ...headers },
  })
  const invalid = (body: string) => ({ ...signed(body), status: 400, code: 'invalid_request' })
  /** A good one but for some fields; numbered, so that no two are alike. */
  const field =
    (...wrong: object[]): MakeBadHook =>
    (n) => {
      const good = { ownerId: 'alice', itemId: `wrong-${n}`, prompt: `wrong ${n}` }
      return invalid(JSON.stringify({ ...good, ...wrong[n % wrong.length] }))
    }
  const spelled = (...ends: string[]): MakeBadHook => {
    return (n) =>
      invalid(
        `{"ownerId":"alice","itemId":"wrong-${n}","prompt":"wrong ${n}",${ends[n % ends.length]}}`,
      )
  }
  const nested = (open: string, close: string, depth: number) =>
    open.repeat(depth) + close.repeat(depth)
  return {
    'JSON cut short': (n) => ({
      ...signed(`{"ownerId":"alice","itemId":"cut-${n}"${',"prompt":"cut'.slice(0, n % 10)}`),
      status: 400,
      code: 'malformed_json',
    }),
    'no JSON': (n) => ({
      ...signed(`${['', 'prompt=x&n=', '<xml/>', 'undefined', '\uFEFF{}', "{'a':1}"][n % 6]}${n}x`),
      status: 400,
      code: 'malformed_json',
    }),
    'no object': (n) =>
      invalid([`[${n}]`, `${n}`, `"${n}"`, `[{"ownerId":"alice","n":${n}}]`][n % 4] ?? ''),
    'no UTF-8': (n) => {
      const { headers, body } = signed(
        `{"ownerId":"alice","itemId":"u-${n}","prompt":"\uFFFD ${n}"}`,
      )
      const bytes = Buffer.from(body.toString('latin1').replace('\xEF\xBF\xBD', '\xFF'), 'latin1')
      return { headers, body: bytes, status: 400, code: 'malformed_json' }
    },
    'lists of lists': (n) => invalid(nested('[', ']', 100_000 + n)),
    'depths of data': spelled(
      ...[10_000, 50_000, 500_000].map((depth) => `"data":{"a":${nested('[', ']', depth)}}`),
    ),
    prototypes: spelled(
      '"__proto__":{"prompt":"x"}',
      '"constructor":{"prototype":{}}',
      '"prototype":1',
      '"toString":null',
    ),
    'endless numbers': field({ prompt: 1e308 }, { itemId: 1e20 }, { title: -1e308 }),
    'numbers beyond all': spelled('"title":1e999', '"variant":-1e999', '"model":1e-999'),
    'unknown fields': field(
      { titel: 'x' },
      { lane: 'interactive' },
      { skipExistingCheck: true },
      { id: 'x' },
    ),
    'the owner': field(
      { ownerId: '' },
      { ownerId: 'al\u0000ice' },
      { ownerId: 'x'.repeat(256) },
      { ownerId: 1 },
      { ownerId: null },
      { ownerId: ['alice'] },
      { ownerId: { $ne: null } },
      { ownerId: '\uD800' },
      { ownerId: undefined },
    ),
    'the item': field(
      { itemId: '' },
      { itemId: '../x' },
      { itemId: 'a b' },
      { itemId: 'a\u0000' },
      { itemId: 'x'.repeat(201) },
      { itemId: "';drop table saved_items;--" },
      { itemId: 7 },
      { itemId: undefined },
    ),
    'the prompt': field(
      { prompt: '' },
      { prompt: ' \n\u2003' },
      { prompt: 'x'.repeat(32_001) },
      { prompt: ' '.repeat(20_000) },
      { prompt: 'a\u0000b' },
      { prompt: null },
      { prompt: ['x'] },
      { prompt: undefined },
    ),
    'the picture': field(
      { model: 'none' },
      { aspectRatio: '7:3' },
      { imageSize: '64K' },
      { transformation: 'enhance' },
      { transformation: 'delete' },
      { variant: 'a\u0000' },
    ),
    'the rest': field(
      { title: 'x'.repeat(201) },
      { title: 'a\u0000b' },
      { data: [] },
      { data: 'x' },
      { data: { text: 'x'.repeat(8_192) } },
      { imageUrl: 3 },
    ),
    'no picture to go by': (n) => ({
      ...field({ conditionImage: '####' }, { conditionImage: 'data:image/png;base64,AAAA' })(n),
      status: 422,
      code: 'invalid_image',
    }),
    'too large': (n) => ({
      ...signed(`"${'x'.repeat(1024 * 1024 + n)}"`),
      status: 413,
      code: 'payload_too_large',
    }),
    'another content type': (n) => ({
      ...signed(goodHook(secret, `typed-${n}`).body.toString(), {
        'content-type': ['text/plain', 'application/x-www-form-urlencoded', 'application/xml', ''][
          n % 4
        ],
      }),
      status: 415,
      code: 'unsupported_media_type',
    }),
    'an unknown encoding': (n) => ({
      ...signed(goodHook(secret, `encoded-${n}`).body.toString(), { 'content-encoding': `x-${n}` }),
      status: 415,
      code: 'unsupported_media_type',
    }),
    'no gzip': (n) => ({
      ...signed(goodHook(secret, `zipped-${n}`).body.toString(), { 'content-encoding': 'gzip' }),
      status: 400,
      code: 'invalid_request',
    }),
  }
}
