import { waitFor } from '../../support/wait-for.ts'
import type { Child } from '../child.ts'
import type { ChaosClient } from '../client.ts'
import type { KillPoint } from '../kill-point.ts'
import { findMark } from '../marks.ts'
import { type Behave, pictureOf } from '../provider.ts'
import type { Stack } from '../stack.ts'

const CALL_MS = 20
const DEATH_TIMEOUT_MS = 30_000

/** True once the worker was ended by SIGKILL, without us. */
export const dieAsWorker = async (stack: Stack, killAt: KillPoint): Promise<boolean> =>
  isKilled(await stack.startWorker({ killAt }))

/** Asks an API that dies of it, then asks again elsewhere. True when the first one broke the connection, killed. */
export const dieAsApi = async (
  stack: Stack,
  client: ChaosClient,
  killAt: KillPoint,
  prompt: string,
): Promise<boolean> => {
  const api = await stack.startApi({ killAt })
  const isBroken = await client.submitTo(api.url, prompt).then(
    () => false,
    () => true,
  )
  const isDead = await isKilled(api)
  await client.submit(prompt)
  return isBroken && isDead
}

const isKilled = async (child: Child): Promise<boolean> => {
  const hasEnded = await waitFor(child.hasEnded, {
    what: 'a process to be killed',
    timeoutMs: DEATH_TIMEOUT_MS,
  }).catch(() => false)
  const { signal } = await child.kill()
  return hasEnded && signal === 'SIGKILL'
}

/** Makes the provider kill the worker that is to die with its call out, before it answers. */
export const killAtCallOut = (stack: Stack, client: ChaosClient): Behave => {
  const killed = new Set<string>()
  return async ({ prompt }) => {
    const [id] = [...client.accepted].find(([, asked]) => asked === prompt) ?? []
    const mark = id && !killed.has(id) ? await findMark(stack.marksFolder, id) : undefined
    if (id && mark?.killAt === 'call_out') {
      killed.add(id)
      await [...stack.workers].find(({ pid }) => pid === mark.pid)?.kill()
    }
    return pictureOf(prompt, CALL_MS)
  }
}
