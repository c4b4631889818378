import type { Alert } from '../../src/contract/alert.ts'
import { formatMeasure } from '../parts/format.ts'
import { Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { AlertBadge } from './alert-badge.tsx'
import { describeThreshold, describeValue, describeWindow } from './describe.ts'

/** Those that do not fire. */
export const AlertTable = ({ rows }: { rows: readonly Alert[] }) => (
  <Table
    caption="Alerts that do not fire"
    rows={rows}
    keyOf={({ name }) => name}
    columns={[
      {
        name: 'Alert',
        isTitle: true,
        cell: (alert) => (
          <span class="alert-cell" title={alert.meaning}>
            <strong>{alert.title}</strong>
            <span>
              {alert.measures}
              {describeWindow(alert)}
            </span>
          </span>
        ),
      },
      { name: 'State', cell: (alert) => <AlertBadge {...alert} /> },
      { name: 'Now', isNumber: true, cell: describeValue },
      { name: 'Fires', isNumber: true, cell: describeThreshold },
      {
        name: 'Target',
        isNumber: true,
        cell: ({ target, unit }) => target !== null && formatMeasure(target, unit),
      },
      {
        name: 'Last fired',
        cell: ({ firedAt }) => firedAt && <Time at={firedAt} />,
      },
    ]}
  />
)
