import { forged } from './forged-hooks.ts'
import { type BadHook, goodHook, type MakeBadHook, type RawHook, signHook } from './hooks.ts'
import { malformed } from './malformed-hooks.ts'

/** As many hooks that must be refused, no two alike; `taken` are ones that were accepted. */
export const makeBadHooks = (count: number, secret: string, taken: RawHook[]): BadHook[] => {
  const kinds = Object.entries({
    ...forged(secret),
    ...replayed(secret, taken),
    ...malformed(secret),
  })
  return Array.from({ length: count }, (_, i) => {
    const [kind, make] = kinds[i % kinds.length] ?? ['', undefined]
    if (!make) throw new Error('no kinds')
    return { kind, ...make(Math.floor(i / kinds.length)) }
  })
}

const replayed = (secret: string, taken: RawHook[]): Record<string, MakeBadHook> => {
  const nth = (n: number) => taken[n % taken.length] ?? goodHook(secret, 'none')
  const again = (hook: RawHook) => ({ ...hook, status: 409, code: 'hook_replayed' })
  return {
    'sent again': (n) => again(nth(n)),
    'signed again': (n) => {
      const { headers, body } = nth(n)
      const at = new Date(Date.now() + 5_000 + n * 1_000)
      const webhookId = String(headers['webhook-id'])
      return again({ body, headers: signHook(body.toString(), { secret, webhookId, at }) })
    },
    'another body under a taken id': (n) => {
      const { body } = goodHook(secret, `replayed-${n}`)
      const webhookId = String(nth(n).headers['webhook-id'])
      return again({ body, headers: signHook(body.toString(), { secret, webhookId }) })
    },
  }
}
