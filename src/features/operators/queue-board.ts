import type { RequestHandler } from 'express'
import type { Config } from '../../app/config.ts'
import { toQueueBackend } from '../../app/resources.ts'
import { AppError } from '../../lib/errors.ts'
import { createRareLog, type Logger } from '../../lib/logger.ts'

type Board = Awaited<
  ReturnType<typeof import('../../adapters/queue/queue-board.ts').openQueueBoard>
>

/** Where the board is mounted; its pages need to know. */
export const QUEUE_BOARD_PATH = '/admin/queues'

/** The view into BullMQ's queues, loaded and connected when somebody first looks: most API processes never need it. */
export const createQueueBoard = (config: Config, logger: Logger) => {
  const onError = createRareLog((fields) => logger.warn(fields, 'the queue board is in trouble'))
  let opened: Promise<Board> | undefined

  const open = async (): Promise<Board> => {
    const { openQueueBoard } = await import('../../adapters/queue/queue-board.ts')
    const { name } = config.queue
    const names = [name, `${name}-upkeep`]
    return openQueueBoard({
      backend: toQueueBackend(config),
      names,
      path: QUEUE_BOARD_PATH,
      onError,
    })
  }
  const get = (): Promise<Board> => {
    opened ??= open().catch((cause) => {
      opened = undefined
      throw new AppError('unavailable', 'The queue does not answer.', { retryable: true, cause })
    })
    return opened
  }

  const handle: RequestHandler = async (req, res, next) => {
    const board = await get()
    board.handle(req, res, next)
  }
  const close = async (): Promise<void> => {
    const board = await opened?.catch(() => undefined)
    await board?.close()
  }
  return { handle, close }
}
