import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { Webhook } from 'standardwebhooks'
import { startHttpServer } from './http-server.ts'
import { waitFor } from './wait-for.ts'

export type Received = {
  path: string
  headers: IncomingHttpHeaders
  text: string
  /** The webhook as the library of Standard Webhooks reads it. Throws unless it is signed under the secret. */
  verify: (secret: string) => { type: string; timestamp: string; data: Record<string, unknown> }
}

/** How a path answers; undefined for 204. */
export type Behaviour = (res: ServerResponse, req: IncomingMessage) => void

export type WebhookReceiver = Awaited<ReturnType<typeof startWebhookReceiver>>

/** A server that webhooks are sent to, and what has come at each path. */
export const startWebhookReceiver = async () => {
  const received: Received[] = []
  const behaviours = new Map<string, Behaviour[]>()
  const server = await startHttpServer(async (req, res) => {
    const path = req.url ?? ''
    const chunks: Buffer[] = []
    req.on('data', (chunk) => chunks.push(chunk))
    await once(req, 'end')
    const text = Buffer.concat(chunks).toString()
    const { headers } = req
    const verify = (secret: string) =>
      new Webhook(secret).verify(text, headers as Record<string, string>) as ReturnType<
        Received['verify']
      >
    received.push({ path, headers, text, verify })
    const queue = behaviours.get(path) ?? []
    const behave = queue.length > 1 ? queue.shift() : queue[0]
    if (behave) behave(res, req)
    else res.writeHead(204).end()
  })
  /** Answers of a path in turn; the last one stays. */
  const behave = (path: string, ...steps: Behaviour[]) => behaviours.set(path, steps)
  const at = (path: string) => received.filter((each) => each.path === path)
  /** Waits for so many at a path, and gives them all. */
  const waitForCount = (path: string, count: number, timeoutMs = 10_000) =>
    waitFor(() => at(path).length >= count && at(path), {
      what: `${count} webhooks at ${path}`,
      timeoutMs,
    })
  return { url: server.url, received, behave, at, waitForCount, close: server.close }
}

/** Behaviours by name. */
export const answer =
  (status: number, body = '', headers: Record<string, string> = {}): Behaviour =>
  (res) =>
    res.writeHead(status, headers).end(body)
export const reset: Behaviour = (_res, req) => req.socket.resetAndDestroy()
export const neverAnswer: Behaviour = () => {}
