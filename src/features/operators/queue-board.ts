import type { RequestHandler } from 'express'
import type { QueueBackend } from '../../adapters/queue/backend.ts'
import { queueNamesOf } from '../../adapters/queue/maintenance-queue.ts'
import { AppError } from '../../lib/errors.ts'
import { createRareLog, type Logger } from '../../lib/logger.ts'

type Board = Awaited<
  ReturnType<typeof import('../../adapters/queue/queue-board.ts').openQueueBoard>
>

export type QueueBoardDeps = { backend: QueueBackend; queueName: string; logger: Logger }

/** Where the board is mounted; its pages need to know. */
const QUEUE_BOARD_PATH = '/admin/queues'

/** The view into BullMQ's queues, loaded and connected when somebody first looks: most API processes never need it. */
export const createQueueBoard = ({ backend, queueName, logger }: QueueBoardDeps) => {
  const onError = createRareLog((fields) => logger.warn(fields, 'the queue board is in trouble'))
  let opened: Promise<Board> | undefined

  const open = async (): Promise<Board> => {
    const { openQueueBoard } = await import('../../adapters/queue/queue-board.ts')
    return openQueueBoard({
      backend,
      names: queueNamesOf(queueName),
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
  return { path: QUEUE_BOARD_PATH, handle, close }
}
