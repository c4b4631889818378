import type { AlertChange, AlertState } from '../../contract/vocabulary.ts'
import type { AlertRule } from './rules.ts'

/** What an evaluation found; a null value where there was nothing to measure. */
export type Measurement = { value: number | null; sample: number }

/** What is known of an alert from one evaluation to the next. */
export type AlertMemory = {
  state: AlertState
  /** How many evaluations in a row have spoken against the state. */
  streak: number
}

/** The state after an evaluation, and the change if there was one. */
export const decide = (
  rule: AlertRule,
  { state, streak }: AlertMemory,
  { value, sample }: Measurement,
): AlertMemory & { change?: AlertChange } => {
  const { threshold, resolvesAt, minSample, evaluationsToFire, evaluationsToResolve } = rule
  const isFiring = state === 'firing'
  if (threshold === null || resolvesAt === null) {
    return isFiring ? changeTo('resolved') : { state, streak: 0 }
  }
  if (value === null || sample < minSample) return { state, streak }
  const isAgainst = isFiring ? !isBeyond(rule, value, resolvesAt) : isBeyond(rule, value, threshold)
  if (!isAgainst) return { state, streak: 0 }
  const needed = isFiring ? evaluationsToResolve : evaluationsToFire
  if (streak + 1 < needed) return { state, streak: streak + 1 }
  return changeTo(isFiring ? 'resolved' : 'firing')
}

const changeTo = (change: AlertChange) => ({ state: change, streak: 0, change })

const isBeyond = ({ fires }: AlertRule, value: number, limit: number): boolean =>
  fires === 'above' ? value > limit : value < limit
