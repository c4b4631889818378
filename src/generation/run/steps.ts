/**
 * What a generation has just got past, in order: for timelines, metrics and traces, and for the chaos tests, which end
 * the process at each step. No behaviour depends on it.
 */
export type SubmitStep = 'described' | 'inserted' | 'enqueued'

export type RunStep =
  | 'claimed'
  /** Its prompt has been compared with its owner's others. */
  | 'compared'
  /** No image of the fingerprint exists, none was left by an earlier attempt. */
  | 'probed'
  | 'intent_recorded'
  /** The provider's answer has arrived whole. */
  | 'answered'
  | 'spooled'
  | 'outcome_recorded'
  | 'stored'
  | 'committed'
  | 'spool_cleared'

export type OnStep<Step extends SubmitStep | RunStep> = (generationId: string, step: Step) => void
