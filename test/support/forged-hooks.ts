import { createHash, createHmac } from 'node:crypto'
import { goodHook, type MakeBadHook, newHookSecret, type RawHook, signHook } from './hooks.ts'

/** Hooks whose signature is wrong, or not of what they say. */
export const forged = (secret: string): Record<string, MakeBadHook> => {
  const good = (n: number) => goodHook(secret, `forged-${crypto.randomUUID()}-${n}`)
  const refused = (hook: RawHook) => ({ ...hook, status: 401, code: 'unauthenticated' })
  /** A good one with other headers; one that is undefined is left out. */
  const withHeaders =
    (
      change: (n: number, hook: RawHook) => Record<string, string | string[] | undefined>,
    ): MakeBadHook =>
    (n) => {
      const hook = good(n)
      const headers = Object.entries({ ...hook.headers, ...change(n, hook) })
      const given = headers.filter((each): each is [string, string] => each[1] !== undefined)
      return refused({ ...hook, headers: Object.fromEntries(given) })
    }
  const signedBy = (sign: (n: number, hook: RawHook) => string) =>
    withHeaders((n, hook) => ({ 'webhook-signature': sign(n, hook) }))
  const signedAt = (secondsFromNow: (n: number) => number): MakeBadHook => {
    return (n) => {
      const { body } = good(n)
      const at = new Date(Date.now() + secondsFromNow(n) * 1_000)
      return refused({ body, headers: signHook(body.toString(), { secret, at }) })
    }
  }
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  return {
    'another secret': (n) => refused(goodHook(newHookSecret(), `other-${n}`)),
    'another prompt': (n) => {
      const { headers, body } = good(n)
      return refused({ headers, body: Buffer.from(body.toString().replace('forged', 'FORGED')) })
    },
    'a blank more': (n) => {
      const { headers, body } = good(n)
      return refused({ headers, body: Buffer.concat([body, Buffer.alloc(n + 1, ' ')]) })
    },
    'a byte less': (n) => {
      const { headers, body } = good(n)
      return refused({ headers, body: body.subarray(0, -1 - n) })
    },
    'another id': withHeaders((n) => ({ 'webhook-id': `another-${n}` })),
    'the id twice': withHeaders((_n, hook) => ({
      'webhook-id': [text(hook, 'webhook-id'), text(hook, 'webhook-id')],
    })),
    'an endless id': (n) => {
      const { body } = good(n)
      const webhookId = 'x'.repeat(201 + n)
      return refused({ body, headers: signHook(body.toString(), { secret, webhookId }) })
    },
    'another second': withHeaders((n, hook) => ({
      'webhook-timestamp': String(Number(text(hook, 'webhook-timestamp')) + n + 1),
    })),
    'letters after the second': withHeaders((n, hook) => ({
      'webhook-timestamp': `${text(hook, 'webhook-timestamp')}${'.abc, '.slice(0, 1 + (n % 4))}${n}`,
    })),
    'the second twice': withHeaders((_n, hook) => ({
      'webhook-timestamp': Array.from({ length: 2 }, () => text(hook, 'webhook-timestamp')),
    })),
    'a time that is none': withHeaders((n) => ({
      'webhook-timestamp': ['', '-1', 'NaN', '1e9', '0x65', '9'.repeat(40), 'now', '2026-11-22'][
        n % 8
      ],
    })),
    milliseconds: withHeaders(() => ({ 'webhook-timestamp': String(Date.now()) })),
    stale: signedAt((n) => -301 - n * 60),
    'ahead of its time': signedAt((n) => 330 + n * 60),
    'no id': withHeaders(() => ({ 'webhook-id': undefined })),
    'no time': withHeaders(() => ({ 'webhook-timestamp': undefined })),
    'no signature': withHeaders(() => ({ 'webhook-signature': undefined })),
    'a signature of another version': signedBy((n, hook) =>
      text(hook, 'webhook-signature').replace(
        'v1,',
        ['v1a,', 'v2,', 'V1,', 'v0,', ',', ''][n % 6] ?? '',
      ),
    ),
    'a signature that is none': signedBy(
      (n) => ['', 'v1', 'v1,', ',', 'v1,v1,v1', 'v1, ', 'v1,%00', '{}'][n % 8] ?? '',
    ),
    'many wrong signatures': signedBy((n) =>
      Array.from({ length: 50 + n }, (_, i) => `v1,${sha256(`${n} ${i}`)}`).join(' '),
    ),
    'a signature in hex': signedBy((_n, hook) => {
      const [, base64 = ''] = text(hook, 'webhook-signature').split(',')
      return `v1,${Buffer.from(base64, 'base64').toString('hex')}`
    }),
    'a signature cut short': signedBy((n, hook) =>
      text(hook, 'webhook-signature').slice(0, -1 - n),
    ),
    'a signature of the body alone': signedBy(
      (_n, { body }) => `v1,${createHmac('sha256', key).update(body).digest('base64')}`,
    ),
    'a secret that was not decoded': signedBy(
      (_n, hook) =>
        `v1,${createHmac('sha256', secret)
          .update(`${hook.headers['webhook-id']}.${hook.headers['webhook-timestamp']}.`)
          .update(hook.body)
          .digest('base64')}`,
    ),
    'the signature of another': signedBy((n) => text(good(n), 'webhook-signature')),
  }
}

const text = ({ headers }: RawHook, name: string): string => String(headers[name])

const sha256 = (data: string) => createHash('sha256').update(data).digest('base64')
