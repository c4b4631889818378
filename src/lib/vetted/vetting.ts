import { type ResolveName, resolveLocally, resolveName } from './vetted-addresses.ts'
import type { Vetting } from './vetted-request.ts'

/** How addresses are vetted by the settings. `resolve`: answers for names in place of DNS. */
export const toVetting = ({
  isPrivateAllowed,
  resolve = isPrivateAllowed ? resolveLocally : resolveName,
}: {
  isPrivateAllowed: boolean
  resolve?: ResolveName | undefined
}): Vetting => ({ isPrivateAllowed, resolve })
