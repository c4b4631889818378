import { useLocation } from 'preact-iso'
import type { OwnerFigures } from '../../src/contract/analytics.ts'
import { operatorsOnly } from '../operators-only.tsx'
import { describePeriod, formatPeriod, PeriodPicker, parsePeriod } from '../overview/period.tsx'
import { formatOrder, type Order, parseOrder } from '../owners/order.ts'
import { OrderField } from '../owners/order-field.tsx'
import { OwnerTable } from '../owners/owner-table.tsx'
import { ButtonLink } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { More } from '../parts/more.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { usePages } from '../use-pages.ts'

const PAGE_SIZE = 50

/** What each owner asked for, and what that cost. */
const AllOwners = () => {
  const { query, route } = useLocation()
  const period = parsePeriod(query)
  const order = parseOrder(query)
  const days = formatPeriod(period)
  const asked = `${days}&${formatOrder(order)}`
  const path = `/api/analytics/owners?${asked}&limit=${PAGE_SIZE}`
  const pages = usePages<OwnerFigures>(path, 'owners')
  const { rows, error } = pages
  const sort = (next: Order) => route(`/owners?${days}&${formatOrder(next)}`, true)

  return (
    <Page
      title="Owners"
      about={`What each owner asked for, and what it cost, ${describePeriod(period)} (UTC).`}
      actions={
        <>
          <PeriodPicker
            period={period}
            onChange={(next) => route(`/owners?${formatPeriod(next)}&${formatOrder(order)}`, true)}
          />
          <ButtonLink
            icon="download"
            href={`/api/analytics/owners.csv?${asked}`}
            download={`imageonce-owners-${days.replaceAll(/[=&]/g, '-')}.csv`}
          >
            CSV
          </ButtonLink>
        </>
      }
    >
      {error && <Notice tone="bad">{error.message}</Notice>}
      <Card>
        {rows?.length === 0 && (
          <EmptyState icon="owners" title="Nobody asked for anything in these days" />
        )}
        {rows && rows.length > 0 && (
          <>
            <OrderField order={order} onOrder={sort} />
            <OwnerTable rows={rows} order={order} onOrder={sort} />
          </>
        )}
        <More pages={pages} isAuto />
      </Card>
    </Page>
  )
}

export const Owners = operatorsOnly('Owners', AllOwners)
