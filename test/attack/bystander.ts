import { setTimeout as delay } from 'node:timers/promises'
import { atMost, type Check, figure } from '../chaos/result.ts'
import type { Plan } from '../chaos/scenario.ts'
import { createAsk } from './ask.ts'
import { createBelongings } from './matrix/belongings.ts'
import type { Target } from './target.ts'
import { signJwt } from './tokens/sign.ts'

const OWNER = 'bystander'
const QUIET_MS = 15_000
const PAUSE_MS = 50
const MAX_TIMES = 2

/**
 * Another owner, who goes on reading what is theirs: what 95 of 100 of their requests take while the attack lasts, and took before it
 * on the same machine. Only in the long form, as a test says nothing of time.
 */
export const withBystander = async (
  target: Target,
  plan: Plan,
  attack: () => Promise<void>,
): Promise<Check[]> => {
  if (plan.form === 'short') {
    await attack()
    return []
  }
  const { ask, close } = createAsk(target.url, 1)
  const { generation } = await createBelongings(target.stack).give(OWNER, target.newPrompt(OWNER))
  const token = await signJwt(target.secrets.AUTH_JWT_SECRET, { sub: OWNER })
  const paths = [`/api/generations/${generation}`, '/api/generations?limit=5', '/api/info']
  const headers = { authorization: `Bearer ${token}` }

  const readUntil = async (isOver: () => boolean): Promise<number> => {
    const times: number[] = []
    for (let n = 0; !isOver(); n++) {
      const told = await ask({ method: 'GET', path: paths[n % paths.length] ?? '', headers })
      times.push(told.status === 200 ? told.ms : Number.POSITIVE_INFINITY)
      await delay(PAUSE_MS)
    }
    return Math.round(percentile95(times) * 10) / 10
  }
  const startedAt = performance.now()
  const quietMs = await readUntil(() => performance.now() - startedAt > QUIET_MS)
  let isOver = false
  const attacking = attack().finally(() => {
    isOver = true
  })
  const [attackedMs] = await Promise.all([readUntil(() => isOver), attacking])
  close()
  return [
    figure('others’ p95 before (ms)', quietMs),
    atMost('others’ p95 (ms)', attackedMs, Math.round(quietMs * MAX_TIMES * 10) / 10),
  ]
}

const percentile95 = (times: number[]): number =>
  times.sort((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1] ?? Number.NaN
