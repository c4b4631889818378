import type { Asking, AskingKind } from '../../contract/receipt.ts'
import { defined } from '../../generation/read/present.ts'
import { OWN_REVISION } from '../../generation/state/revision.ts'
import { type NanoUsd, toUsd } from '../../lib/money.ts'
import type { AskingRow } from './askings.ts'

/** An asking as it is answered; `imageId`: the image whose receipt it stands in. */
export const presentAsking = (
  row: AskingRow,
  imageId: string,
  imageCostNanoUsd: NanoUsd,
): Asking => {
  const kind = kindOf(row, imageId)
  const shows = row.generationId === imageId || row.imageId === imageId
  const asked = { id: row.id, kind, at: row.createdAt.toISOString() }
  const other = row.generationId !== imageId && shows && row.prompt
  const rest = { generationId: row.generationId, isOther: !shows }
  if (row.source !== null) {
    const savedUsd = kind === 'client' ? undefined : row.savedNanoUsd && toUsd(row.savedNanoUsd)
    return { ...asked, ...rest, ...defined({ savedUsd, prompt: other || undefined }) }
  }
  if (kind === 'similar' || kind === 'exact') {
    const { similarity, prompt, status } = row
    const savedUsd = toUsd(imageCostNanoUsd)
    return { ...asked, ...rest, ...defined({ status, savedUsd, similarity, prompt }) }
  }
  const { status, costNanoUsd, calls, forcedBy } = row
  return {
    ...asked,
    ...rest,
    ...defined({
      status,
      costUsd: toUsd(costNanoUsd ?? 0),
      calls: calls ?? 0,
      isEstimate: row.isEstimate || undefined,
      forcedBy,
      prompt: kind === 'declined' && !shows ? row.prompt : undefined,
    }),
  }
}

const kindOf = (row: AskingRow, imageId: string): AskingKind => {
  const { source, revision, reuseSource } = row
  if (source !== null) return source as AskingKind
  const isReuse = row.imageId === imageId && row.generationId !== imageId
  if (isReuse && (reuseSource === 'similar' || reuseSource === 'exact')) return reuseSource
  if (revision === OWN_REVISION) return 'declined'
  if (revision !== null) return 'forced'
  return (row.calls ?? 0) > 0 ? 'paid' : 'unpaid'
}
