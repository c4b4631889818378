import { Router } from 'express'
import { signedBody } from '../../adapters/http/body.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { saveHookSchema } from '../../contract/save-hook.ts'
import { createItemDeps } from './item-deps.ts'
import { saveByHook } from './save-by-hook.ts'
import { parseSignedJson, readSignedHook } from './signed-hook.ts'

/** Saving from another server, by a signature instead of a token. */
export const createHookRoutes = (context: HttpContext): Router => {
  const { secrets, ...timing } = context.hooks
  const deps = createItemDeps(context)
  const router = Router()

  router.post('/save', ...signedBody(), async (req, res) => {
    const { delivery, text } = readSignedHook(secrets, req)
    const hook = saveHookSchema.parse(parseSignedJson(text), { reportInput: true })
    await saveByHook(deps, timing, delivery, hook)
    res.status(202).json({ itemId: hook.itemId })
  })

  return router
}
