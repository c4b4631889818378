import { setTimeout as delay } from 'node:timers/promises'
import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { ExpressAdapter } from '@bull-board/express'
import type { Queue } from 'bullmq'
import type { Express, RequestHandler } from 'express'
import type { QueueBackend } from './backend.ts'
import { type OpenQueue, openQueue } from './open-queue.ts'

/** A connection that was begun this moment is not ready yet. */
const SETTLE_MS = 2_000

export type QueueBoardOptions = {
  backend: QueueBackend
  names: readonly string[]
  /** Where it is mounted. */
  path: string
  onError: (error: Error) => void
}

/** bull-board over these queues. Rejects while their store is away. Release with `close`. */
export const openQueueBoard = async ({ backend, names, path, onError }: QueueBoardOptions) => {
  const queues = names.map((name) => openQueue(backend, name, onError))
  const close = async () => {
    await Promise.all(queues.map((queue) => queue.close()))
  }
  try {
    const opened = await Promise.all(queues.map((queue) => getWithin(queue, SETTLE_MS)))
    const serverAdapter = new ExpressAdapter().setBasePath(path)
    createBullBoard({
      // Narrow to us, whole BullMQ queues to the board.
      queues: opened.map((queue) => new BullMQAdapter(queue as Queue)),
      serverAdapter,
      options: { uiConfig: { boardTitle: 'imageonce queues' } },
    })
    // An Express app of its own, which says so unless it is told not to.
    const app: Express = serverAdapter.getRouter()
    return { handle: app.disable('x-powered-by') as RequestHandler, close }
  } catch (error) {
    await close()
    throw error
  }
}

const getWithin = async (
  { get }: { get: () => Promise<OpenQueue> },
  timeoutMs: number,
): Promise<OpenQueue> => {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const queue = await get().catch((error: unknown) => {
      if (Date.now() > deadline) throw error
    })
    if (queue) return queue
    await delay(50)
  }
}
