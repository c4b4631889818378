import type { Database } from '../../../db/database.ts'
import type {
  Reconciliation,
  ReconciliationList,
  Settlement,
} from '../../contract/reconciliation.ts'
import { toUsd } from '../../lib/money.ts'

/** What is kept of a comparison in one column. */
export type Report = Omit<Reconciliation, 'id' | 'createdAt' | 'createdBy' | 'billName'>

type Head = Pick<Reconciliation, 'billName' | 'createdBy'>

export const insertReconciliation = async (
  db: Database,
  head: Head,
  report: Report,
): Promise<Reconciliation> => {
  const { id, createdAt } = await db
    .insertInto('reconciliations')
    .values({ ...head, isExplained: report.isExplained, report: JSON.stringify(report) })
    .returning(['id', 'createdAt'])
    .executeTakeFirstOrThrow()
  return { id, createdAt: createdAt.toISOString(), ...head, ...report }
}

const MAX_LISTED = 100

/** The newest, newest first. */
export const listReconciliations = async (db: Database): Promise<ReconciliationList> => {
  const rows = await db
    .selectFrom('reconciliations')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(MAX_LISTED)
    .execute()
  return {
    reconciliations: rows.map((row) => {
      const { id, createdAt, createdBy, billName, isExplained, ...report } = present(row)
      const { provider, from, through, bill, explained } = report
      return {
        ...{ id, createdAt, createdBy, billName, isExplained },
        ...{ provider, from, through, bill, explained },
      }
    }),
  }
}

/** With what it has settled; `latest` is the newest of all. */
export const findReconciliation = async (
  db: Database,
  id: string,
): Promise<(Reconciliation & { settlements: Settlement[] }) | undefined> => {
  const query = db.selectFrom('reconciliations').selectAll()
  const row = await (id === 'latest'
    ? query.orderBy('id', 'desc').limit(1)
    : query.where('id', '=', id)
  ).executeTakeFirst()
  return row && { ...present(row), settlements: await listSettlements(db, row.id) }
}

const MAX_SETTLEMENTS = 1_000

const listSettlements = async (db: Database, reconciliationId: string): Promise<Settlement[]> => {
  const rows = await db
    .selectFrom('settlements')
    .selectAll()
    .where('reconciliationId', '=', reconciliationId)
    .orderBy('id')
    .limit(MAX_SETTLEMENTS)
    .execute()
  return rows.map(({ callTable, callId, fromNanoUsd, toNanoUsd, basis, settledAt, settledBy }) => ({
    call: `${callTable} ${callId}`,
    fromUsd: toUsd(Number(fromNanoUsd)),
    toUsd: toUsd(Number(toNanoUsd)),
    basis,
    settledAt: settledAt.toISOString(),
    settledBy,
  }))
}

type Row = {
  id: string
  createdAt: Date
  createdBy: string
  billName: string
  isExplained: boolean
  report: Record<string, unknown>
}

const present = ({ report, createdAt, ...head }: Row): Reconciliation => ({
  ...(report as Report),
  ...head,
  createdAt: createdAt.toISOString(),
})
