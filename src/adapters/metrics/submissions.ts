import { Counter, Histogram, type Registry } from 'prom-client'
import type { Reuse } from '../../contract/generation.ts'
import { laneSchema } from '../../contract/vocabulary.ts'
import type { Submission } from '../../generation/submit/find-or-create.ts'

const ANSWERS: Submission['kind'][] = ['new', 'exact', 'joined', 'replayed']

/** What is asked for, and what of it costs nothing. */
export const createSubmissionMetrics = (registry: Registry) => {
  const registers = [registry]
  const submissions = new Counter({
    name: 'imageonce_submissions_total',
    help: 'Requests for an image that were accepted, by what answered: new, exact, joined, replayed.',
    labelNames: ['answer', 'lane'],
    registers,
  })
  const enqueue = new Histogram({
    name: 'imageonce_enqueue_duration_seconds',
    help: 'Handing a new generation to the queue, also when that failed.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  })
  const reuses = new Counter({
    name: 'imageonce_reuses_total',
    help: 'Answers without a paid call, by source: exact, joined, similar.',
    labelNames: ['source'],
    registers,
  })
  const saved = new Counter({
    name: 'imageonce_saved_usd_total',
    help: 'What reuse saved, in US dollars: the cost of the image, or its list price while that is not known.',
    labelNames: ['source'],
    registers,
  })
  // A rate misses the step from nothing to 1.
  for (const lane of laneSchema.options) {
    for (const answer of ANSWERS) submissions.inc({ answer, lane }, 0)
  }

  const onSubmitted = ({ kind, generation }: Submission): void =>
    submissions.inc({ answer: kind, lane: generation.lane })
  const onReuse = (reuse: Reuse | undefined): void => {
    if (!reuse) return
    reuses.inc({ source: reuse.source })
    saved.inc({ source: reuse.source }, reuse.savedUsd)
  }
  const onEnqueued = (durationMs: number): void => enqueue.observe(durationMs / 1_000)
  return { onSubmitted, onReuse, onEnqueued }
}
