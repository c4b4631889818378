import { Fragment } from 'preact'
import type { ErasureReceipt } from '../../src/contract/erasure.ts'
import { Card } from '../parts/card.tsx'
import { formatCount } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { Notice } from '../parts/notice.tsx'
import { Time } from '../parts/time.tsx'

/** How far an erasure is, and then what was erased. */
export const ErasureFacts = ({ erasure }: { erasure: ErasureReceipt }) => {
  const counts = Object.entries(erasure.erased).sort(([a], [b]) => (a < b ? -1 : 1))
  return (
    <Card title="Receipt">
      {erasure.finishedAt ? (
        <Notice tone="good">
          Everything was erased <Time at={erasure.finishedAt} />.
        </Notice>
      ) : (
        <p role="status">
          <Icon name="spinner" /> Being erased…
        </p>
      )}
      <dl class="facts erasure">
        <dt>Receipt</dt>
        <dd>
          <code>{erasure.id}</code>
        </dd>
        <dt>Known by</dt>
        <dd>
          <code>{erasure.ownerDigest}</code>
        </dd>
        {counts.map(([what, count]) => (
          <Fragment key={what}>
            <dt>{what}</dt>
            <dd>{formatCount(count)}</dd>
          </Fragment>
        ))}
      </dl>
    </Card>
  )
}
