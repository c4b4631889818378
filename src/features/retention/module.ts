import { DAY_MS } from '../../lib/time.ts'
import { applyRetention, type RetentionDeps } from './apply-retention.ts'

/** Does away, once a day, with what is older than the settings keep it; nothing where they say nothing. */
export const createRetention = (deps: RetentionDeps) => {
  const isOn = Object.values(deps.keptDays).some((days) => days !== undefined)
  const task = {
    name: 'retention',
    everyMs: DAY_MS,
    run: (signal: AbortSignal) => applyRetention(deps, { isApplied: true, signal }),
  }
  return { tasks: isOn ? [task] : [] }
}
