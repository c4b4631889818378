import { AppError } from './errors.ts'

/** Room for what an owner keeps. Throws `too_much_kept`. */
export type TakeRoom = (ownerId: string, amount?: number) => Promise<void>

type Options = {
  max: number
  /** How much an owner keeps: asked for once in a while, as it may cost a look at all of it. */
  count: (ownerId: string) => Promise<number>
  /** What to say to an owner who has no room left. */
  message: string
  now?: () => number
}

type Holding = { amount: number; countedAtMs: number }

/** What other processes add, and what is deleted, is seen so late at most. */
const COUNTED_FOR_MS = 10 * 60_000
/** An owner without room may just have made some. */
const COUNTED_AGAIN_AFTER_MS = 5_000
const MAX_OWNERS = 10_000

/**
 * Bounds what an owner keeps. It is counted when an owner first adds to it and then every ten minutes, and what is added here is added
 * up meanwhile, so that hardly any request counts. Nearly exact: each process may let some more in before it counts again.
 */
export const createHoldings = ({
  max,
  count,
  message,
  now = () => performance.now(),
}: Options): TakeRoom => {
  const holdings = new Map<string, Holding>()

  const recount = async (ownerId: string): Promise<Holding> => {
    const holding = { amount: await count(ownerId), countedAtMs: now() }
    const [oldest] = holdings.keys()
    if (holdings.size >= MAX_OWNERS && oldest !== undefined) holdings.delete(oldest)
    holdings.set(ownerId, holding)
    return holding
  }
  const isOlderThan = (holding: Holding, ms: number) => now() - holding.countedAtMs >= ms

  return async (ownerId, amount = 1) => {
    const known = holdings.get(ownerId)
    const isFull = (holding: Holding) => holding.amount + amount > max
    const isOld =
      !known ||
      isOlderThan(known, COUNTED_FOR_MS) ||
      (isFull(known) && isOlderThan(known, COUNTED_AGAIN_AFTER_MS))
    const holding = isOld ? await recount(ownerId) : known
    if (isFull(holding)) throw new AppError('too_much_kept', message)
    holding.amount += amount
  }
}
