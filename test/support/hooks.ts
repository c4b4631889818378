import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import type { Problem } from '../../src/contract/problem.ts'
import type { TestApp } from './app.ts'

export type Signing = { secret: string; webhookId?: string; at?: Date }

export const newHookSecret = () => `whsec_${randomBytes(24).toString('base64')}`

/** The headers of a hook, by the rules of Standard Webhooks. */
export const signHook = (
  text: string,
  { secret, webhookId = crypto.randomUUID(), at = new Date() }: Signing,
) => ({
  'content-type': 'application/json',
  'webhook-id': webhookId,
  'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
  'webhook-signature': new Webhook(secret).sign(webhookId, at, text),
})

/** Sends a signed hook; `raw` and `headers` take the place of what was signed. */
export const sendHook = async (
  app: Pick<TestApp, 'url'>,
  body: object,
  { raw, headers, ...signing }: Signing & { raw?: string; headers?: object },
) => {
  const text = JSON.stringify(body)
  const response = await fetch(`${app.url}/api/hooks/save`, {
    method: 'POST',
    headers: { ...signHook(text, signing), ...headers },
    body: raw ?? text,
  })
  return { status: response.status, body: (await response.json()) as Problem & { itemId?: string } }
}

/** A hook as it goes over the wire; a header may be there twice. */
export type RawHook = { headers: Record<string, string | string[]>; body: Buffer }

export type BadHook = RawHook & {
  /** What is wrong with it. */
  kind: string
  /** How it must be answered. */
  status: number
  code: string
}

/** The nth hook of a kind, unlike all others. */
export type MakeBadHook = (n: number) => Omit<BadHook, 'kind'>

export const goodHook = (secret: string, name: string): RawHook => {
  const text = JSON.stringify({ ownerId: 'alice', itemId: name, prompt: name })
  return { headers: signHook(text, { secret }), body: Buffer.from(text) }
}
