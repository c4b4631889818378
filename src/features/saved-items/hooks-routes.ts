import { Router } from 'express'
import type { HookSecret } from '../../adapters/http/hook-signature.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { parseBody, parseJson, signedImageBody } from '../../adapters/http/parse-request.ts'
import { readSignedHook } from '../../adapters/http/signed-hook.ts'
import { findOwnerId } from '../../contract/namespace.ts'
import { saveHookSchema } from '../../contract/save-hook.ts'
import { ownerIdSchema } from '../../contract/text.ts'
import { AppError } from '../../lib/errors.ts'
import type { ItemDeps } from './ask.ts'
import { type HookTiming, saveByHook } from './save-by-hook.ts'

type Deps = {
  items: ItemDeps
  secrets: readonly HookSecret[]
  /** Where the owners of a source are. */
  namespaces: ReadonlyMap<string, string>
  timing: HookTiming
}

/** Saving from another server, by a signature instead of a token. */
export const createHookRoutes = ({ items, secrets, namespaces, timing }: Deps): MountedRoutes => {
  const router = Router()

  router.post('/save', ...signedImageBody(), async (req, res) => {
    const { delivery, text } = readSignedHook(secrets, req)
    const hook = parseBody(saveHookSchema, parseJson(text))
    const ownerId = ownerIn(namespaces.get(delivery.source), hook.ownerId)
    await saveByHook(items, timing, delivery, { ...hook, ownerId })
    res.status(202).json({ itemId: hook.itemId })
  })

  return { path: '/api/hooks', access: 'own', handler: router }
}

/** Throws `forbidden` for an owner that is in a namespace, by a source that has none. */
const ownerIn = (namespace: string | undefined, name: string): string => {
  const ownerId = findOwnerId(namespace, name)
  if (ownerId === undefined) {
    throw new AppError('forbidden', 'is in a namespace, which is not this source’s', {
      pointer: '/ownerId',
    })
  }
  if (ownerIdSchema.safeParse(ownerId).success) return ownerId
  throw new AppError('invalid_request', 'must have at most 255 characters with its namespace', {
    pointer: '/ownerId',
  })
}
