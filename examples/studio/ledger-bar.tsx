import type { ComponentChildren } from 'preact'
import type { Ledger } from './use-ledger.ts'

/** What the server has counted since one started over. */
export const LedgerBar = ({ ledger, onStartOver }: { ledger: Ledger; onStartOver: () => void }) => (
  <section class="card ledger" aria-label="Ledger">
    <dl>
      <Figure name="Model calls paid" value={String(ledger.paidCalls)} isMain>
        as the server counts
      </Figure>
      <Figure name="Spent" value={showUsd(ledger.spentUsd)}>
        {describeSpent(ledger)}
      </Figure>
      <Figure name="Answers reused" value={String(ledger.reused)}>
        and {ledger.keptBack} more by the guard
      </Figure>
      <Figure name="Not paid again" value={showUsd(ledger.savedUsd)}>
        {describeSaved(ledger)}
      </Figure>
    </dl>
    <button type="button" class="quiet" onClick={onStartOver}>
      Start over
    </button>
  </section>
)

const Figure = ({
  name,
  value,
  isMain = false,
  children,
}: {
  name: string
  value: string
  isMain?: boolean
  children: ComponentChildren
}) => (
  <div class={isMain ? 'figure main' : 'figure'}>
    <dt>{name}</dt>
    <dd class="value">{value}</dd>
    <dd class="muted small">{children}</dd>
  </div>
)

const showUsd = (usd: number): string => `$${usd.toFixed(4)}`

const describeSpent = ({ paidCalls, isLocalRenderer }: Ledger): string => {
  if (paidCalls === 0) return 'nothing yet'
  return isLocalRenderer ? 'the local renderer costs nothing' : 'billed by the model'
}

/** The server knows no price of what it was never asked for, so the guard's share is at the price of the others. */
const describeSaved = ({ paidCalls, spentUsd, keptBack, isLocalRenderer }: Ledger): string => {
  if (paidCalls === 0) return 'by the server'
  if (isLocalRenderer) return 'set GEMINI_API_KEY for real prices'
  return `and about ${showUsd((keptBack * spentUsd) / paidCalls)} by the guard`
}
