import type { ErrorRequestHandler, RequestHandler } from 'express'
import type { HotRoute } from './short-way.ts'

/** Routes, and where they are mounted. */
export type MountedRoutes = {
  path: string
  /** `token`: behind the check of tokens and sessions. `own`: they see for themselves who calls, or are for anyone. */
  access: 'token' | 'own'
  handler: RequestHandler
  /** Called with whatever refuses a request for these, before they have seen it or after. */
  onError?: ErrorRequestHandler
  /** Passed by every request, for whatever route, whose caller is known. */
  gate?: RequestHandler
  /** Those that most requests are for; `handler` has them, too. */
  hot?: readonly HotRoute[]
}
