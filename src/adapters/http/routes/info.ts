import { Router } from 'express'
import type { CallerInfo, ServerInfo } from '../../../contract/server-info.ts'
import { type Principal, principalOf } from '../auth.ts'
import { sendUncached } from '../json.ts'

type Deps = {
  info: Omit<ServerInfo, 'caller'>
  describeCaller: (principal: Principal) => CallerInfo
}

/** What this server would use and allow, and what of it the caller may ask for. */
export const createInfoRoutes = ({ info, describeCaller }: Deps): Router => {
  const router = Router()
  router.get('/', (_req, res) => {
    sendUncached(res, { ...info, caller: describeCaller(principalOf(res)) } satisfies ServerInfo)
  })
  return router
}
