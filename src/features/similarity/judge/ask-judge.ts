import type { Database } from '../../../../db/database.ts'
import { JudgeError } from '../../../lib/errors.ts'
import type { Payer } from '../ports.ts'
import type { PaidJudge } from './paid-judge.ts'
import { digestPair, findVerdicts, insertVerdict } from './verdict-rows.ts'

/** So many pairs of one request are asked about at most, the nearest first. */
export const MAX_ASKED = 2

/** So many failures in a row, and for so long nobody is asked. */
const MAX_FAILURES = 3
const REST_MS = 60_000

/** The first of the texts that the judge takes for the same as the prompt, and what asking cost now. */
export type Judged = { index: number | undefined; costNanoUsd: number }

export type AskJudge = (
  payer: Payer,
  prompt: string,
  others: readonly string[],
  signal: AbortSignal,
) => Promise<Judged>

export type AskJudgeDeps = {
  db: Database
  judge: PaidJudge
  onVerdict: (verdict: JudgeOutcome) => void
  /** Called with the reason when the judge could not say anything; that comes to no. */
  onTrouble: (error: unknown) => void
  now?: () => number
}

/** `remembered` costs nothing. */
export type JudgeOutcome = {
  outcome: 'same' | 'different' | 'remembered' | 'trouble'
  costNanoUsd: number
}

/**
 * Asks a judge whether one of the texts says the same, once a pair: what it has said is remembered. One that is slow, away or not
 * allowed to be paid says no, and is asked about the pair again another time. Rejects with the signal's reason, or when Postgres is
 * away.
 */
export const createAskJudge = (deps: AskJudgeDeps): AskJudge => {
  const { db, judge, onVerdict, now = Date.now } = deps
  let failures = 0
  let restsUntil = 0

  const ask = async (payer: Payer, a: string, b: string, signal: AbortSignal) => {
    try {
      const { isSame, costNanoUsd } = await judge.judge(a, b, signal, payer)
      failures = 0
      onVerdict({ outcome: isSame ? 'same' : 'different', costNanoUsd })
      return { isSame, costNanoUsd }
    } catch (error) {
      if (!(error instanceof JudgeError)) throw error
      if (error.isOutage) failures += 1
      if (failures >= MAX_FAILURES) restsUntil = now() + REST_MS
      onVerdict({ outcome: 'trouble', costNanoUsd: error.costNanoUsd })
      deps.onTrouble(error)
      return { isSame: undefined, costNanoUsd: error.costNanoUsd }
    }
  }

  return async (payer, prompt, others, signal) => {
    const { ownerId } = payer
    const digests = others.map((other) => digestPair(prompt, other))
    const known = await findVerdicts(db, ownerId, judge.model, digests)
    const remembered = digests.findIndex((digest) => known.get(digest) === true)
    if (remembered >= 0) {
      onVerdict({ outcome: 'remembered', costNanoUsd: 0 })
      return { index: remembered, costNanoUsd: 0 }
    }
    let costNanoUsd = 0
    const unknown = digests.flatMap((digest, index) => (known.has(digest) ? [] : [index]))
    for (const index of unknown.slice(0, MAX_ASKED)) {
      if (now() < restsUntil) break
      const verdict = await ask(payer, prompt, others[index] ?? '', signal)
      costNanoUsd += verdict.costNanoUsd
      if (verdict.isSame === undefined) break
      const pairDigest = digests[index] ?? ''
      await insertVerdict(db, { ownerId, model: judge.model, pairDigest, isSame: verdict.isSame })
      if (verdict.isSame) return { index, costNanoUsd }
    }
    return { index: undefined, costNanoUsd }
  }
}
