import type { Identify } from '../../adapters/http/auth.ts'
import { createQueueBoard, type QueueBoardDeps } from './queue-board.ts'
import { createQueueBoardRoutes } from './queue-board-routes.ts'
import { createOperatorRoutes, type OperatorDeps } from './routes.ts'

/** What operators see of this server, and their view into the queues. Workers' heartbeats are in `workers/`. */
export const createOperators = (deps: OperatorDeps & QueueBoardDeps & { identify: Identify }) => {
  const board = createQueueBoard(deps)
  return {
    routes: [createOperatorRoutes(deps), createQueueBoardRoutes(deps.identify, board)],
    stop: board.close,
  }
}
