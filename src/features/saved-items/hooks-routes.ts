import { Router } from 'express'
import type { HookSecret } from '../../adapters/http/hook-signature.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { parseBody, parseJson, signedImageBody } from '../../adapters/http/parse-request.ts'
import { readSignedHook } from '../../adapters/http/signed-hook.ts'
import { saveHookSchema } from '../../contract/save-hook.ts'
import type { ItemDeps } from './ask.ts'
import { type HookTiming, saveByHook } from './save-by-hook.ts'

type Deps = { items: ItemDeps; secrets: readonly HookSecret[]; timing: HookTiming }

/** Saving from another server, by a signature instead of a token. */
export const createHookRoutes = ({ items, secrets, timing }: Deps): MountedRoutes => {
  const router = Router()

  router.post('/save', ...signedImageBody(), async (req, res) => {
    const { delivery, text } = readSignedHook(secrets, req)
    const hook = parseBody(saveHookSchema, parseJson(text))
    await saveByHook(items, timing, delivery, hook)
    res.status(202).json({ itemId: hook.itemId })
  })

  return { path: '/api/hooks', access: 'own', handler: router }
}
