import type { Principal } from '../../adapters/http/principal.ts'
import { ALL_OWNERS, parseScope } from '../../adapters/http/scope.ts'

/** Operators read all owners' unless they name one; undefined stands for all. Throws `forbidden`. */
export const scopeOf = (principal: Principal, owner: string | undefined): string | undefined =>
  parseScope(principal, owner ?? (principal.isAdmin ? ALL_OWNERS : undefined))
