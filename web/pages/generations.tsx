import { useEffect, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { GenerationPage } from '../../src/client.ts'
import { isTerminal } from '../../src/contract/status.ts'
import { cancel, retry } from '../generations/actions.ts'
import { BulkDialog } from '../generations/bulk-dialog.tsx'
import {
  countPath,
  type Filter,
  formatFilter,
  listPath,
  parseFilter,
  toBulkFilter,
} from '../generations/filter.ts'
import { FilterForm } from '../generations/filter-form.tsx'
import { GenerationTable } from '../generations/generation-table.tsx'
import { useNewest } from '../generations/use-newest.ts'
import { Button, ButtonLink } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { ListCount } from '../parts/list-count.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { Pager } from '../parts/pager.tsx'
import { useToast } from '../parts/toast.tsx'
import { useSession } from '../session-context.ts'
import { useResource } from '../use-resource.ts'

const REFRESH_MS = 2_000
const REFRESH_BUSY_MS = 1_000

/** All that was asked for, newest first. */
export const Generations = () => {
  const { isAdmin } = useSession()
  const { query, route } = useLocation()
  const filter = parseFilter(query)
  const path = listPath(filter, isAdmin)
  const [refreshMs, setRefreshMs] = useState(REFRESH_MS)
  const { value: page, error, reload } = useResource<GenerationPage>(path, refreshMs)
  const { rows, waiting, show } = useNewest(page, path)
  const act = useAct(reload)
  const isBusy = rows.some(({ status }) => !isTerminal(status))
  useEffect(() => setRefreshMs(isBusy ? REFRESH_BUSY_MS : REFRESH_MS), [isBusy])

  return (
    <Page
      title="Generations"
      about="Every image that was asked for, and what became of it."
      actions={<BulkActions filter={filter} isAdmin={isAdmin} onDone={reload} />}
    >
      {error && <Notice tone="bad">{error.message}</Notice>}
      <Card>
        <FilterForm
          filter={filter}
          isAdmin={isAdmin}
          onChange={(change, isSame) =>
            route(formatFilter({ ...filter, ...change, cursor: '' }), isSame)
          }
        />
        <div class="list-head">
          <ListCount path={countPath(filter, isAdmin)} one="generation" many="generations" />
          {formatFilter(filter) !== '/generations' && <a href="/generations">Show all</a>}
        </div>
        {waiting > 0 && !filter.cursor && !filter.sort && (
          <div class="waiting">
            <Button isSmall icon="again" onClick={show}>
              Show {waiting} new
            </Button>
          </div>
        )}
        {page && rows.length === 0 && <Nothing filter={filter} />}
        {rows.length > 0 && (
          <GenerationTable
            rows={rows}
            hasOwners={isAdmin}
            sort={filter.sort}
            onSort={(sort) => route(formatFilter({ ...filter, sort, cursor: '' }))}
            onRetry={(id) => act(() => retry(id), 'It is asked for again.')}
            onCancel={(id) => act(() => cancel(id), 'It is canceled.')}
          />
        )}
        <Pager
          onNewest={
            filter.cursor ? () => route(formatFilter({ ...filter, cursor: '' })) : undefined
          }
          onOlder={
            page?.nextCursor
              ? () => route(formatFilter({ ...filter, cursor: page.nextCursor ?? '' }))
              : undefined
          }
        />
      </Card>
    </Page>
  )
}

const Nothing = ({ filter }: { filter: Filter }) => {
  if (formatFilter(filter) !== '/generations') {
    return (
      <EmptyState icon="generations" title="Nothing matches">
        <ButtonLink href="/generations">Show all</ButtonLink>
      </EmptyState>
    )
  }
  return (
    <EmptyState icon="generations" title="Nothing was asked for yet">
      <ButtonLink kind="primary" href="/playground" icon="playground">
        Make the first image
      </ButtonLink>
    </EmptyState>
  )
}

const BulkActions = ({
  filter,
  isAdmin,
  onDone,
}: {
  filter: Filter
  isAdmin: boolean
  onDone: () => void
}) => {
  const [action, setAction] = useState<'retry' | 'cancel'>()
  const filters = {
    retry: toBulkFilter('retry', filter, isAdmin),
    cancel: toBulkFilter('cancel', filter, isAdmin),
  }
  const chosen = action && filters[action]
  return (
    <>
      <Button icon="again" disabled={!filters.retry} onClick={() => setAction('retry')}>
        Retry all…
      </Button>
      <Button icon="stop" disabled={!filters.cancel} onClick={() => setAction('cancel')}>
        Cancel all…
      </Button>
      {action && chosen && (
        <BulkDialog
          action={action}
          filter={chosen}
          onDone={onDone}
          onClose={() => setAction(undefined)}
        />
      )}
    </>
  )
}

/** Does something, says how it went, and looks again. */
const useAct = (reload: () => void) => {
  const showToast = useToast()
  return async (deed: () => Promise<unknown>, done: string) => {
    await deed().then(
      () => showToast(done),
      (error: Error) => showToast(error.message, 'bad'),
    )
    reload()
  }
}
