import type { IncomingMessage } from 'node:http'
import type { WebhookAnswer } from '../ports.ts'

/** What is kept of an answer. */
const MAX_ANSWER_BYTES = 1_024

/** A status that has come is not put off by a body that doesn't. */
const BODY_TIMEOUT_MS = 1_000

/** Its status and how it begins; the rest is not waited for. One that breaks off counts as far as it came. */
export const readAnswer = async (response: IncomingMessage): Promise<WebhookAnswer> => {
  const chunks: Buffer[] = []
  let size = 0
  const timer = setTimeout(() => response.destroy(), BODY_TIMEOUT_MS)
  try {
    for await (const chunk of response) {
      chunks.push(chunk)
      size += chunk.length
      if (size >= MAX_ANSWER_BYTES) break
    }
  } catch {
    // The status has said what matters.
  } finally {
    clearTimeout(timer)
  }
  const start = Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES)
  return {
    statusCode: response.statusCode ?? 0,
    // Postgres keeps no NUL.
    answer: start.toString().replaceAll('\u0000', ''),
    retryAfter: response.headers['retry-after'],
  }
}
