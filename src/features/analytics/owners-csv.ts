import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Response } from 'express'
import type { Database } from '../../../db/database.ts'
import { formatCsv } from '../../adapters/http/csv.ts'
import type { OwnerFigures } from '../../contract/analytics.ts'
import { ownerIdSchema } from '../../contract/text.ts'
import { AppError } from '../../lib/errors.ts'
import { formatUsd, toNanoUsdDigits } from '../../lib/money.ts'
import { listOwners, type OwnerPosition, type OwnersPage } from './owners.ts'

/** Most servers' owners come in one piece, as of one moment. */
const OWNERS_AT_ONCE = 5_000

/** All owners as a file, from the first on whatever page was asked for. */
export const sendOwnersCsv = async (
  db: Database,
  res: Response,
  page: OwnersPage,
): Promise<void> => {
  const parts = listParts(db, page)
  // What goes wrong with the first can still be answered with a problem.
  const first = await parts.next()
  res.set('Cache-Control', 'no-store')
  res.attachment(`imageonce-owners-${page.from}-${page.to}.csv`)
  res.type('text/csv')
  const text = async function* () {
    yield formatCsv([columns.map(([name]) => name)])
    if (!first.done) yield first.value
    yield* parts
  }
  await pipeline(Readable.from(text()), res)
}

async function* listParts(db: Database, page: OwnersPage): AsyncGenerator<string, void> {
  let after: OwnerPosition | undefined
  do {
    const { owners, next } = await listOwners(db, { ...page, limit: OWNERS_AT_ONCE, after })
    yield formatCsv(owners.map((owner) => columns.map(([, read]) => read(owner))))
    after = next
  } while (after)
}

const columns: [string, (figures: OwnerFigures) => string | number | null][] = [
  ['owner', ({ owner }) => owner],
  ['total', ({ total }) => total],
  ['started', ({ started }) => started],
  ['skipped', ({ skipped }) => skipped.total],
  ['skipped_exact', ({ skipped }) => skipped.exact],
  ['skipped_joined', ({ skipped }) => skipped.joined],
  ['skipped_similar', ({ skipped }) => skipped.similar],
  ['client_skipped', ({ clientSkipped }) => clientSkipped],
  ['reuse_rate_percent', ({ reuseRate }) => roundPercent(reuseRate)],
  ['completed', ({ completed }) => completed],
  ['failed', ({ failed }) => failed],
  ['canceled', ({ canceled }) => canceled],
  ['success_rate_percent', ({ successRate }) => roundPercent(successRate)],
  ['calls', ({ calls }) => calls],
  ['paid_calls', ({ paidCalls }) => paidCalls],
  ['spend_usd', ({ spendUsd }) => writeUsd(spendUsd)],
  ['estimated_usd', ({ estimatedUsd }) => writeUsd(estimatedUsd)],
  ['saved_usd', ({ savedUsd }) => writeUsd(savedUsd)],
  ['half_price_calls', ({ halfPriceCalls }) => halfPriceCalls],
  ['half_price_usd', ({ halfPriceUsd }) => writeUsd(halfPriceUsd)],
]

const writeUsd = (usd: number): string => formatUsd(BigInt(toNanoUsdDigits(usd)))

const roundPercent = (percent: number | null) => percent && Math.round(percent * 100) / 100

export const formatOwnerCursor = ({ key, owner }: OwnerPosition): string =>
  Buffer.from(JSON.stringify([key, owner])).toString('base64url')

/** Throws `invalid_request`. */
export const parseOwnerCursor = (cursor: string | undefined): OwnerPosition | undefined => {
  if (cursor === undefined) return undefined
  const [key, owner] = parseJson(Buffer.from(cursor, 'base64url').toString())
  const known = ownerIdSchema.safeParse(owner)
  if (Number.isFinite(key) && known.success) return { key: Number(key), owner: known.data }
  throw new AppError('invalid_request', 'cursor must be one that an earlier page gave.', {
    pointer: '?cursor',
  })
}

const parseJson = (text: string): unknown[] => {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
