import { createHash, timingSafeEqual } from 'node:crypto'

export type OperatorKey = { name: string; key: string }

type FindOperator = (token: string) => { ownerId: string; isAdmin: true } | undefined

/**
 * Finds the operator whose key a token is. Digests are compared, all of them and each in constant time, so that how long it
 * takes says nothing of any key. Undefined where there are none.
 */
export const createOperatorKeys = (keys: readonly OperatorKey[]): FindOperator | undefined => {
  if (keys.length === 0) return undefined
  const known = keys.map(({ name, key }) => ({ name, digest: sha256(key) }))
  return (token) => {
    const digest = sha256(token)
    const [found] = known.filter((each) => timingSafeEqual(each.digest, digest))
    return found && { ownerId: `operator:${found.name}`, isAdmin: true }
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
