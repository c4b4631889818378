import type { RunStep, SubmitStep } from '../../src/generation/run/steps.ts'

export const acceptPoints = [
  'described',
  'inserted',
  'enqueued',
] as const satisfies readonly SubmitStep[]

/** The steps of a run, and `call_out`: the request has reached the provider, its answer has not been sent. */
export const runPoints = [
  'claimed',
  'compared',
  'probed',
  'intent_recorded',
  'call_out',
  'answered',
  'spooled',
  'outcome_recorded',
  'stored',
  'committed',
  'spool_cleared',
] as const satisfies readonly (RunStep | 'call_out')[]

/** Where a process can be made to end. */
export type KillPoint = (typeof acceptPoints)[number] | (typeof runPoints)[number]
