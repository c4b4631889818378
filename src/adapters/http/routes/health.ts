import { Router } from 'express'
import { type Explanation, formatFinding } from '../../../lib/finding.ts'
import { answerWithin } from '../../../lib/time.ts'
import type { HttpContext } from '../http-context.ts'

/** Each part that a ready server needs, by name: rejects when it does not do its work, and what that means. */
export type ReadinessChecks = Record<
  string,
  { check: () => Promise<unknown>; explain: (error: unknown) => Explanation }
>

const CHECK_TIMEOUT_MS = 1_500

/** However many ask: what is checked is asked itself no more often. */
const CHECKED_FOR_MS = 1_000

/**
 * `/livez`: the process answers. `/readyz`: it takes requests, since it is not stopping and one of the two stores that a
 * request can wait in answers; what does not is named, with the reason and the setting to look at.
 */
export const createHealthRoutes = (
  { shutdown }: Pick<HttpContext, 'shutdown'>,
  readinessChecks: ReadinessChecks,
): Router => {
  const router = Router()
  const check = rememberFor(CHECKED_FOR_MS, () =>
    Promise.all(Object.entries(readinessChecks).map(runCheck)),
  )

  router.get('/livez', (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ status: 'ok' })
  })

  router.get('/readyz', async (_req, res) => {
    const results = shutdown.aborted ? [STOPPING] : await check()
    const failed = results.filter(({ reason }) => reason !== undefined)
    const isWorking = (part: string) => results.some(({ name, reason }) => name === part && !reason)
    const isReady = isWorking('database') || isWorking('queue')
    const status = failed.length === 0 ? 'ok' : 'degraded'
    res.set('Cache-Control', 'no-store')
    res.status(isReady ? 200 : 503).json({
      status: isReady ? status : 'not_ready',
      checks: Object.fromEntries(
        results.map(({ name, reason }) => [name, reason ? 'failed' : 'ok']),
      ),
      ...(failed.length > 0 && {
        reasons: Object.fromEntries(failed.map(({ name, reason }) => [name, reason])),
      }),
    })
  })

  return router
}

/** Asks at most so often; whoever comes meanwhile gets the same answer. */
const rememberFor = <T>(ms: number, ask: () => Promise<T>): (() => Promise<T>) => {
  let last: { answer: Promise<T>; askedAtMs: number } | undefined
  return () => {
    const nowMs = performance.now()
    if (!last || nowMs - last.askedAtMs >= ms) last = { answer: ask(), askedAtMs: nowMs }
    return last.answer
  }
}

type Result = { name: string; reason?: string }

const STOPPING: Result = { name: 'process', reason: 'It is stopping.' }

const runCheck = async ([name, { check, explain }]: [
  string,
  ReadinessChecks[string],
]): Promise<Result> =>
  answerWithin(check(), CHECK_TIMEOUT_MS, 'no answer').then(
    () => ({ name }),
    (error: unknown) => ({ name, reason: formatFinding(explain(error)) }),
  )
