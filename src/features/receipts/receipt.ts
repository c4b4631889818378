import type { Database } from '../../../db/database.ts'
import type { Asking, Receipt } from '../../contract/receipt.ts'
import { findGeneration, type GenerationWithImage } from '../../generation/state/repository.ts'
import { type NanoUsd, toUsd } from '../../lib/money.ts'
import { type AskingsPage, listAskingsOfGeneration, listAskingsOfImage } from './askings.ts'
import { presentAsking } from './present-asking.ts'
import { findPayment, sumAnswers, sumOthers } from './sums.ts'

/** The askings of a page, with where the next one begins; none where there is none. */
export type AskingsFound = { askings: Asking[]; next: { at: Date; id: string } | undefined }

type Page = Omit<AskingsPage, 'ownerId'>

/** The generation that made the image which one shows; itself while it shows none. */
export const findMaker = async (
  db: Database,
  row: GenerationWithImage,
): Promise<GenerationWithImage> => {
  if (row.imageId === null || row.imageId === row.id) return row
  const maker = await findGeneration(db, row.imageId)
  return maker?.ownerId === row.ownerId ? maker : row
}

/** What was paid for an image, what that answered, and a page of its askings, newest first. */
export const describeReceipt = async (
  db: Database,
  maker: GenerationWithImage,
  page: Page,
): Promise<Pick<Receipt, 'paid' | 'answered'> & AskingsFound> => {
  const [payment, answered, others, found] = await Promise.all([
    findPayment(db, maker.id),
    sumAnswers(db, maker),
    sumOthers(db, maker),
    findAskings(page, (asked) =>
      listAskingsOfImage(db, maker, { ...asked, ownerId: maker.ownerId }),
    )(maker.id, maker.costNanoUsd),
  ])
  const at = maker.status === 'succeeded' ? (payment.at ?? maker.finishedAt) : undefined
  const paid = {
    usd: toUsd(maker.costNanoUsd),
    ...(at && { at: at.toISOString() }),
    isEstimate: payment.isEstimate,
    othersUsd: toUsd(others.nanoUsd),
    others: others.count,
  }
  return { paid, answered, ...found }
}

/** A page of the askings for one generation, newest first. */
export const describeAnswers = (
  db: Database,
  row: GenerationWithImage,
  page: Page,
): Promise<AskingsFound> =>
  findAskings(page, (asked) =>
    listAskingsOfGeneration(db, row.id, { ...asked, ownerId: row.ownerId }),
  )(row.imageId ?? row.id, row.imageCostNanoUsd ?? 0)

const findAskings =
  (page: Page, list: (page: Page) => ReturnType<typeof listAskingsOfImage>) =>
  async (imageId: string, imageCostNanoUsd: NanoUsd): Promise<AskingsFound> => {
    const rows = await list({ ...page, limit: page.limit + 1 })
    const shown = rows.slice(0, page.limit)
    const last = shown.at(-1)
    return {
      // An answer is written down a moment after it was given, behind what came meanwhile.
      askings: shown
        .toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
        .map((row) => presentAsking(row, imageId, imageCostNanoUsd)),
      next: rows.length > page.limit && last ? { at: last.createdAt, id: last.id } : undefined,
    }
  }
