import { setTimeout as delay } from 'node:timers/promises'
import type { ChaosClient } from './client.ts'
import type { Stack } from './stack.ts'

export type Answer = {
  ms: number
  /** Undefined when there was no answer. */
  status: number | undefined
  isPlaceholder: boolean
  hasRetryAfter: boolean
}

/** Submits at a steady pace, whether or not earlier answers have come; nothing is sent twice. */
export const startSubmissions = (
  stack: Stack,
  client: ChaosClient,
  { perSecond, prompt }: { perSecond: number; prompt: (n: number) => string },
) => {
  const answers: Promise<Answer>[] = []
  const submit = async (n: number): Promise<Answer> => {
    const [api] = stack.apis
    const startedAt = performance.now()
    const sent = await client
      .submitTo(api?.url ?? 'http://nowhere.invalid', prompt(n), headersOf(n, prompt(n)))
      .catch(() => undefined)
    return {
      ms: Math.round(performance.now() - startedAt),
      status: sent?.status,
      isPlaceholder: sent?.generation?.isPlaceholder === true,
      hasRetryAfter: Boolean(sent?.retryAfter),
    }
  }
  const timer = setInterval(() => answers.push(submit(answers.length)), 1_000 / perSecond)
  /** Resolves with all answers, once the last has come. */
  const stop = (): Promise<Answer[]> => {
    clearInterval(timer)
    return Promise.all(answers)
  }
  return { stop }
}

/** Every third has an idempotency key, and with it a transaction of its own. */
const headersOf = (n: number, prompt: string): Record<string, string> =>
  n % 3 === 0 ? { 'Idempotency-Key': encodeURIComponent(prompt) } : {}

/** What 99 of 100 take at most. */
export const percentile99 = (answers: readonly Answer[]): number => {
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN
}

/**
 * What 99 of 100 may take in trouble: `allowedMs` beyond three times what this machine takes for one when all is well,
 * which a quiet one does at once.
 */
export const measureAllowance = async (
  stack: Stack,
  client: ChaosClient,
  { perSecond, allowedMs }: { perSecond: number; allowedMs: number },
): Promise<number> => {
  const submissions = startSubmissions(stack, client, {
    perSecond,
    prompt: (n) => `picture ${n} while all is well`,
  })
  await delay(WELL_MS)
  return allowedMs + 3 * percentile99(await submissions.stop())
}

const WELL_MS = 1_000

/** How many of each status. */
export const tally = (answers: readonly Answer[]): string => {
  const counts = new Map<string, number>()
  for (const { status } of answers) {
    const key = String(status ?? 'none')
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return [...counts].map(([status, count]) => `${count} × ${status}`).join(' ')
}
