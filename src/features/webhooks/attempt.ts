import { messageOf } from '../../lib/errors.ts'
import type { SendWebhook, WebhookAnswer, WebhookRequest } from './ports.ts'

/** How an attempt went. Without an `error` it is delivered. */
export type Attempt = {
  startedAt: Date
  durationMs: number
  statusCode?: number
  error?: string
  answer?: string
  retryAfter?: string | undefined
}

/** One attempt; never rejects. */
export const makeAttempt = async (
  send: SendWebhook,
  request: WebhookRequest,
  startedAt: Date,
  signal: AbortSignal,
): Promise<Attempt> => {
  const start = performance.now()
  const measured = () => ({ startedAt, durationMs: Math.round(performance.now() - start) })
  try {
    const answer = await send(request, signal)
    return { ...measured(), ...judge(answer) }
  } catch (error) {
    return { ...measured(), error: describeFailure(error) }
  }
}

const judge = (answer: WebhookAnswer): Omit<Attempt, 'startedAt' | 'durationMs'> => {
  const { statusCode } = answer
  if (statusCode >= 200 && statusCode < 300) return answer
  const isRedirect = statusCode >= 300 && statusCode < 400
  const error = isRedirect
    ? `answered ${statusCode}: redirects are not followed`
    : `answered ${statusCode}`
  return { ...answer, error }
}

const MAX_ERROR_CHARACTERS = 500

/** A connection that was tried at several addresses has an error for each, and no text of its own. */
const describeFailure = (error: unknown): string => {
  const [first] = error instanceof AggregateError ? error.errors : []
  return (messageOf(first ?? error) || 'no answer').slice(0, MAX_ERROR_CHARACTERS)
}
