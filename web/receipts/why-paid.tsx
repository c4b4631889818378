import type { Receipt } from '../../src/contract/receipt.ts'
import { formatUsd } from '../parts/format.ts'
import { Notice } from '../parts/notice.tsx'
import { formatDate } from './days.ts'
import { countOf, describeForcedBy } from './words.ts'

/** Says in words why money went out more than once for these words; nothing where it did not. */
export const WhyPaid = ({ receipt }: { receipt: Receipt }) => {
  const reasons = listReasons(receipt)
  if (reasons.length === 0) return null
  return (
    <Notice tone="warn">
      <strong>Why it was paid more than once</strong>
      <ul class="reasons">
        {reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
    </Notice>
  )
}

const listReasons = ({ paid, askings, siblings, generation }: Receipt): string[] => {
  const reasons: string[] = []
  const own = askings.filter(({ isOther, kind }) => !isOther && kind === 'paid')
  const calls = own.reduce((sum, each) => sum + (each.calls ?? 0), 0)
  if (calls > 1) {
    const askedFor =
      own.length > 1 ? `, as it was asked for ${own.length} times without an image` : ''
    reasons.push(`It took ${countOf(calls, 'call')} that may have been charged${askedFor}.`)
  }
  const forced = askings.filter(({ kind, isOther }) => isOther && kind === 'forced')
  for (const { at, costUsd, forcedBy } of forced.slice(0, MAX_REASONS)) {
    const by = forcedBy ? describeForcedBy(forcedBy) : 'by whom was not written down'
    reasons.push(
      `Another image was forced on ${formatDate(at)}, ${by}: ${formatUsd(costUsd ?? 0)}.`,
    )
  }
  if (generation.isForced && paid.others > 0) {
    reasons.push('It was forced itself: there was an image of the same request.')
  }
  const alike = siblings.filter(({ relation }) => relation === 'alike').length
  const variants = siblings.filter(({ relation }) => relation === 'variant').length
  if (variants > 0) {
    reasons.push(`${countOf(variants, 'image')} of the same words had other fields: see beside it.`)
  }
  if (alike > 0 && reasons.length > 0) {
    reasons.push(`${countOf(alike, 'image')} had nearly the same words: see beside it.`)
  }
  return reasons
}

const MAX_REASONS = 3
