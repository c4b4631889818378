import type { ErrorRequestHandler, RequestHandler } from 'express'
import type { FindSecret } from './auth.ts'
import type { PresentProblem } from './problem.ts'
import type { HotRoute } from './short-way.ts'

/** Routes, and where they are mounted. */
export type MountedRoutes = {
  path: string
  /**
   * `token`: behind the check of tokens and sessions, which outside `/api` is of this path. `own`: they see for themselves who calls,
   * or are for anyone.
   */
  access: 'token' | 'own'
  handler: RequestHandler
  /** Called with whatever refuses a request for these, before they have seen it or after. */
  onError?: ErrorRequestHandler
  /** How whatever refuses a request under this path is told, one for which there is no route included; else as a problem document. */
  presentProblem?: PresentProblem
  /** Where a token or key may come besides in a header; of a path outside `/api`. */
  findSecret?: FindSecret
  /** The longest body that is read; of a path outside `/api`. */
  maxBodyBytes?: number
  /** Passed by every request, for whatever route, whose caller is known. */
  gate?: RequestHandler
  /** Those that most requests are for; `handler` has them, too. */
  hot?: readonly HotRoute[]
}
