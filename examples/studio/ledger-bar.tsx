import type { ComponentChildren } from 'preact'
import type { Ledger } from './use-ledger.ts'

/** What the server has counted since one started over. */
export const LedgerBar = ({ ledger, onStartOver }: { ledger: Ledger; onStartOver: () => void }) => (
  <section class="card ledger" aria-label="Ledger">
    <dl>
      <Figure name="Model calls paid" value={String(ledger.paidCalls)} isMain>
        {ledger.isLocalRenderer ? 'by the local renderer' : 'as the server counts'}
      </Figure>
      <Figure name="Spent" value={showUsd(ledger.spentUsd)}>
        {ledger.isLocalRenderer ? 'the local renderer costs nothing' : 'billed by the model'}
      </Figure>
      <Figure name="Answers reused" value={String(ledger.reused)}>
        by the server; the guard kept {ledger.keptBack} back
      </Figure>
      <Figure name="Not paid again" value={showUsd(ledger.savedUsd)}>
        {ledger.isLocalRenderer ? 'set GEMINI_API_KEY for real prices' : 'for the reused ones'}
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
