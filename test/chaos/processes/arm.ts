import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Overrides } from '../../../src/app/resources.ts'
import type { KillPoint } from '../kill-point.ts'

/**
 * Ends this process by SIGKILL where `CHAOS_KILL_AT` says, at the first generation that gets there. Each generation
 * kills one process only: who it was and where stands in a file of its name in `CHAOS_MARKS`.
 * At `call_out` the process only leaves its mark, for the provider to kill it once the call has arrived there.
 */
export const armFrom = (environment: NodeJS.ProcessEnv): Overrides => {
  const { CHAOS_KILL_AT, CHAOS_DIE_AT, CHAOS_MARKS = '' } = environment
  if (CHAOS_DIE_AT) return dieAt(CHAOS_DIE_AT)
  if (!CHAOS_KILL_AT) return {}
  const killAt = CHAOS_KILL_AT as KillPoint
  const fatal = killAt === 'call_out' ? 'intent_recorded' : killAt
  const onStep: Overrides['onStep'] = (generationId, step) => {
    if (step !== fatal || !leaveMark(join(CHAOS_MARKS, generationId), killAt)) return
    if (killAt !== 'call_out') process.kill(process.pid, 'SIGKILL')
  }
  return { onStep }
}

/** Ends this process where it first gets past this step, of a run or of a batch. */
const dieAt = (wanted: string): Overrides => {
  const onAnyStep = (_id: string, step: string): void => {
    if (step !== wanted) return
    writeSync(1, `dies at ${step}\n`)
    process.kill(process.pid, 'SIGKILL')
  }
  return { onStep: onAnyStep, onBatchStep: onAnyStep }
}

/** Synchronous, as nothing may happen between the step and the end. False when the mark is there already. */
const leaveMark = (path: string, killAt: KillPoint): boolean => {
  try {
    const file = openSync(path, 'wx')
    writeSync(file, JSON.stringify({ killAt, pid: process.pid }))
    closeSync(file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
