import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../app/config.ts'
import { erasuresDeps } from '../app/feature-deps.ts'
import type { Resources } from '../app/resources.ts'
import { applyList } from '../features/owners/apply-list.ts'
import { eraseWaiting } from '../features/owners/erase-waiting.ts'
import { beginErasure, type ErasureRow, findErasureById } from '../features/owners/erasures.ts'
import { exportOwner } from '../features/owners/export-owner.ts'
import { StartError } from '../lib/errors.ts'
import type { Logger } from '../lib/logger.ts'
import { withResources } from './with-resources.ts'

/** Writes an owner's archive to a file that is not there yet. Throws `StartError`. */
export const exportOwnerTo = (config: Config, ownerId: string, { out }: { out: string }) =>
  withResources(config, async ({ db, store }) => {
    const never = new AbortController().signal
    const file = createWriteStream(out, { flags: 'wx' })
    try {
      await pipeline(
        Readable.from(exportOwner({ db, store }, ownerId, never), { objectMode: false }),
        file,
      )
    } catch (error) {
      if ((error as { code?: unknown }).code === 'EEXIST')
        throw new StartError(`There is a file ${out}.`)
      await rm(out, { force: true })
      throw error
    }
    console.log(`Wrote ${file.bytesWritten} bytes to ${out}.`)
  })

/** Erases an owner, beside workers or without any. Throws `StartError`. */
export const eraseOwnerNow = async (config: Config, ownerId: string, { yes }: { yes: boolean }) => {
  if (!yes) {
    throw new StartError(
      `This erases all that is kept of ${ownerId}: rows, images, jobs. It can't be undone. Say so with --yes.`,
    )
  }
  await withResources(config, async (resources, logger) => {
    const { id } = await beginErasure(resources.db, ownerId, 'operator')
    await eraseAll(config, resources, logger)
    print(await untilDone(resources, id))
  })
}

/** Begins the erasures of the list again that this database knows nothing of, and ends them. Throws `StartError`. */
export const applyErasures = (config: Config) =>
  withResources(config, async (resources, logger) => {
    const { listed, begun } = await applyList(resources)
    await eraseAll(config, resources, logger)
    console.log(
      `${listed} owners are on the list; ${begun} of them were here again, and are erased.`,
    )
  })

const eraseAll = (config: Config, resources: Resources, logger: Logger): Promise<void> =>
  eraseWaiting(erasuresDeps(config, resources, logger), logger, new AbortController().signal)

const LOOK_MS = 500

/** A worker may have been quicker to take it. */
const untilDone = async ({ db }: Resources, id: string): Promise<ErasureRow> => {
  for (;;) {
    const erasure = await findErasureById(db, id)
    if (erasure?.finishedAt) return erasure
    await delay(LOOK_MS)
  }
}

const print = ({ id, ownerDigest, counts, finishedAt }: ErasureRow): void => {
  console.log(`Erased at ${finishedAt?.toISOString()}, receipt ${id}, owner ${ownerDigest}:`)
  for (const [what, count] of Object.entries(counts)) console.log(`  ${count} ${what}`)
}
