import type { Reconciliation } from '../../src/contract/reconciliation.ts'
import { Badge } from '../parts/badge.tsx'
import { Card } from '../parts/card.tsx'
import { formatCount } from '../parts/format.ts'
import { StatTile } from '../parts/stat-tile.tsx'
import { Time } from '../parts/time.tsx'
import { DifferenceTable } from './difference-table.tsx'
import { formatExactUsd } from './format.ts'
import { KindTable } from './kind-table.tsx'

/** What came of a comparison: sums, what is left over on either side, and all of it by SKU. */
export const ReconciliationFacts = ({ found }: { found: Reconciliation }) => {
  const { bill, explained, booked, pending, estimates, billedNotBooked, bookedNotBilled } = found
  return (
    <>
      <Card title={found.billName}>
        <p>
          {found.isExplained ? (
            <Badge tone="good" icon="check">
              explained
            </Badge>
          ) : (
            <Badge tone="bad" icon="warning">
              not explained
            </Badge>
          )}{' '}
          {found.from === null ? 'No row of ours' : `${found.from} to ${found.through ?? '?'}`} (
          {found.zone}), compared <Time at={found.createdAt} /> by {found.createdBy}.
        </p>
        {estimates.calls > 0 && <p>{describeEstimates(estimates)}</p>}
        {pending.calls > 0 && (
          <p>
            {formatExactUsd(pending.usd)} is booked for days that the bill may not be whole for yet.
          </p>
        )}
        {found.aside.map(({ reason, rows, usd }) => (
          <p key={reason}>
            {formatCount(rows)} rows of {formatExactUsd(usd)} are none of our calls:{' '}
            {reason.replaceAll('_', ' ')}.
          </p>
        ))}
        {found.bad.items.map(({ line, message }) => (
          <p key={line}>
            Line {line}: {message}.
          </p>
        ))}
      </Card>
      <div class="tiles">
        <StatTile
          name="On the bill"
          value={formatExactUsd(bill.usd)}
          hint={`${formatCount(bill.rows)} rows`}
        />
        <StatTile
          name="Explained"
          value={formatExactUsd(explained.usd)}
          tone={found.isExplained ? 'good' : 'warn'}
          hint={`${formatCount(explained.rows)} rows`}
        />
        <StatTile
          name="Booked"
          value={formatExactUsd(booked.usd)}
          hint={`${formatCount(booked.calls)} calls, ${formatCount(booked.estimates)} of unknown cost`}
        />
        <StatTile
          name="Billed and not booked"
          value={formatExactUsd(billedNotBooked.usd)}
          tone={billedNotBooked.count > 0 ? 'bad' : 'good'}
        />
        <StatTile
          name="Booked and not billed"
          value={formatExactUsd(bookedNotBilled.usd)}
          tone={bookedNotBilled.count > 0 ? 'bad' : 'good'}
        />
      </div>
      <DifferenceTable title="Billed and not booked" differences={billedNotBooked} />
      <DifferenceTable title="Booked and not billed" differences={bookedNotBilled} />
      <KindTable kinds={found.kinds} />
    </>
  )
}

const describeEstimates = ({ isSettled, calls, fromUsd, toUsd }: Reconciliation['estimates']) =>
  `${formatCount(calls)} calls of unknown cost ${isSettled ? 'were' : 'are'} booked at ${formatExactUsd(fromUsd)}; the bill has ${formatExactUsd(toUsd)} for them${isSettled ? ', and so have the books now' : ''}.`
