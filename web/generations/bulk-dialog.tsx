import { useEffect, useState } from 'preact/hooks'
import type { BulkReport } from '../../src/contract/bulk.ts'
import { callApi } from '../api.ts'
import { ConfirmDialog } from '../parts/dialog.tsx'
import { formatCount } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { Notice } from '../parts/notice.tsx'
import { useToast } from '../parts/toast.tsx'

type Action = BulkReport['action']

const words: Record<Action, { title: string; confirm: string; about: string; done: string }> = {
  retry: {
    title: 'Retry all that match?',
    confirm: 'Retry',
    about: 'Each may cost its model’s price.',
    done: 'asked for again',
  },
  cancel: {
    title: 'Cancel all that match?',
    confirm: 'Cancel',
    about: 'What has been sent to the model already may still be charged.',
    done: 'canceled',
  },
}

/** Retries or cancels all that a filter lets through, after it has said how many that are. */
export const BulkDialog = ({
  action,
  filter,
  onClose,
  onDone,
}: {
  action: Action
  filter: Record<string, unknown>
  onClose: () => void
  onDone: () => void
}) => {
  const showToast = useToast()
  const [report, setReport] = useState<BulkReport>()
  const [problem, setProblem] = useState<string>()
  const { title, confirm, about, done } = words[action]

  useEffect(() => {
    change(action, filter, { dryRun: true }).then(setReport, ({ message }) => setProblem(message))
  }, [])

  const act = async () => {
    const changed = await changeAll(action, filter)
    showToast(`${formatCount(changed)} ${done}.`)
    onDone()
  }
  const count = report ? report.matched - report.refused.length : 0
  const would = `${formatCount(count)}${report?.hasMore ? ' or more' : ''}`
  return (
    <ConfirmDialog
      title={title}
      confirm={report ? `${confirm} ${would}` : confirm}
      isDanger={action === 'cancel'}
      isReady={report !== undefined && (count > 0 || report.hasMore)}
      onConfirm={act}
      onClose={onClose}
    >
      {problem && <Notice tone="bad">{problem}</Notice>}
      {!report && !problem && (
        <p>
          <Icon name="spinner" /> Counting…
        </p>
      )}
      {report && (
        <>
          <p>
            {count > 0 || report.hasMore ? (
              <>
                <strong>{would}</strong> would be {done}. {about}
              </>
            ) : (
              'None of those that match can be.'
            )}
          </p>
          <Refused refused={report.refused} />
        </>
      )}
    </ConfirmDialog>
  )
}

const Refused = ({ refused }: Pick<BulkReport, 'refused'>) => {
  if (refused.length === 0) return null
  const codes = [...new Set(refused.map(({ code }) => code))].join(', ')
  return (
    <p class="muted">
      {formatCount(refused.length)} would stay as they are: {codes}.
    </p>
  )
}

/** As many times as it takes; returns how many were changed. */
const changeAll = async (action: Action, filter: Record<string, unknown>): Promise<number> => {
  let changed = 0
  let cursor: string | null = null
  do {
    const report: BulkReport = await change(action, filter, { ...(cursor && { cursor }) })
    changed += report.changed
    cursor = report.nextCursor
  } while (cursor)
  return changed
}

const change = (
  action: Action,
  filter: Record<string, unknown>,
  options: { dryRun?: boolean; cursor?: string },
): Promise<BulkReport> =>
  callApi('/api/generations/bulk', { method: 'POST', body: { action, filter, ...options } })
