import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Request, Response } from 'express'
import { type HttpContext, whileConnected } from '../../adapters/http/http-context.ts'
import { AppError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/logger.ts'
import { type ExportDeps, exportOwner } from './export-owner.ts'

type Deps = ExportDeps & Pick<HttpContext, 'shutdown'> & { logger: Logger }

const RETRY_AFTER_MS = 60_000

/**
 * Sends an owner's archive as fast as the caller reads it, one at a time for each owner and process. A caller that hangs up, a store that
 * fails or a server that stops breaks the connection, so that nobody takes a part for the whole. Throws `too_many_exports`.
 */
export const createSendExport = ({ shutdown, logger, ...deps }: Deps) => {
  const underWay = new Set<string>()

  const sendExport = async (ownerId: string, req: Request, res: Response): Promise<void> => {
    if (underWay.has(ownerId)) throw tooMany()
    underWay.add(ownerId)
    const signal = whileConnected({ shutdown }, res)
    try {
      const archive = exportOwner(deps, ownerId, signal)
      // A Postgres that is away is told as a problem, as long as nothing has been sent.
      const first = await archive.next()
      const day = new Date().toISOString().slice(0, 10)
      res.set({
        'Cache-Control': 'no-store, no-transform',
        'Content-Disposition': `attachment; filename="imageonce-export-${day}.tar"`,
        'Content-Type': 'application/x-tar',
      })
      if (req.method === 'HEAD') res.end()
      else await send(beginWith(first.value, archive), res, signal)
    } finally {
      underWay.delete(ownerId)
    }
  }

  const send = async (
    archive: AsyncGenerator<Uint8Array>,
    res: Response,
    signal: AbortSignal,
  ): Promise<void> => {
    try {
      // Bytes and not objects are counted against the buffer.
      await pipeline(Readable.from(archive, { objectMode: false }), res, { signal })
    } catch (err) {
      if (!signal.aborted)
        logger.error({ err, requestId: res.locals.requestId }, 'an export broke off')
      res.destroy()
    }
  }
  return sendExport
}

async function* beginWith(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first
  yield* rest
}

const tooMany = () =>
  new AppError('too_many_exports', 'An export of this owner is under way; wait for its end.', {
    retryable: true,
    retryAfterMs: RETRY_AFTER_MS,
  })
