import type { Database } from '../../../db/database.ts'
import { createGatherer } from '../../lib/gather.ts'
import { runEvery } from '../../lib/run-every.ts'
import type { GenerationWithImage } from '../state/repository.ts'
import { type Change, findChanges, type LifeEvent } from './find-changes.ts'

/** A generation as it is now, with the events that one of those who follow it has not seen, oldest first. The same for all of them. */
export type News = { row: GenerationWithImage; events: readonly LifeEvent[] }

export type Follower = {
  /** The number of the last event that it has seen; the watcher counts on. */
  seen: number
  /** Called when there are others. Must not throw, nor be waited for. */
  onNews: (news: News) => void
  /** Called when there is no such generation any more. */
  onGone: () => void
  /** Called when Postgres does not tell; it is asked again all the same. */
  onTrouble?: () => void
}

export type Watcher = ReturnType<typeof createWatcher>

type Deps = {
  db: Database
  /** Calls back whenever a generation may have changed. Returns the way to stop. */
  subscribe: (generationId: string, listener: () => void) => () => void
  onError: (error: unknown) => void
  /** How often all are looked at that somebody follows, give or take a quarter: any nudge may be lost. */
  intervalMs?: number
}

type Followed = { followers: Set<Follower>; unsubscribe: () => void }

/** So that streams and waits are at most 5 s late. */
const INTERVAL_MS = 4_000

/** What is nudged and what is opened within as long is looked at together. */
const GATHER_MS = 5

/** So many are told before others have their turn of the event loop. */
const TOLD_AT_ONCE = 50

/**
 * Looks at the generations that anybody in this process follows, all of them in one statement, when they may have changed and every few
 * seconds besides. Who follows costs no statement of their own. Release with `stop`.
 */
export const createWatcher = ({ db, subscribe, onError, intervalMs = INTERVAL_MS }: Deps) => {
  const followed = new Map<string, Followed>()
  let isStopped = false
  let told = 0
  let isTelling = false

  /** Tells the follower of every change, from what it has seen on, until the result is called. It must know that it may see it. */
  const follow = (id: string, follower: Follower): (() => void) => {
    const entry = followed.get(id) ?? begin(id)
    entry.followers.add(follower)
    // It may have changed since it was seen.
    gather([id])
    return () => {
      entry.followers.delete(follower)
      if (entry.followers.size > 0 || followed.get(id) !== entry) return
      followed.delete(id)
      entry.unsubscribe()
    }
  }
  const begin = (id: string): Followed => {
    const entry = { followers: new Set<Follower>(), unsubscribe: subscribe(id, () => gather([id])) }
    followed.set(id, entry)
    return entry
  }

  const look = async (ids: readonly string[]): Promise<void> => {
    const known = ids.flatMap((id) => {
      const followers = followed.get(id)?.followers
      return followers ? [{ id, seen: leastSeen(followers) }] : []
    })
    if (known.length === 0 || isStopped) return
    const changes = await findChanges(db, known).catch(async (error: unknown) => {
      onError(error)
      for (const { id } of known) await tellEach(id, ({ onTrouble }) => onTrouble?.())
      return []
    })
    isTelling = true
    for (const change of changes) await tellOf(change)
    isTelling = false
  }
  const { gather } = createGatherer(look, { gatherMs: GATHER_MS, onError })

  /** Wakes only who has not seen it. */
  const tellOf = ({ id, row, events }: Change): Promise<void> => {
    if (!row) return tellEach(id, ({ onGone }) => onGone())
    const news = { row, events }
    return tellEach(id, (follower) => {
      // Made anew under its id.
      if (row.eventSequence < follower.seen) return follower.onGone()
      if (row.eventSequence === follower.seen) return
      follower.seen = row.eventSequence
      follower.onNews(news)
    })
  }
  const tellEach = async (id: string, tell: (follower: Follower) => void): Promise<void> => {
    for (const follower of followed.get(id)?.followers ?? []) {
      tell(follower)
      told++
      if (told % TOLD_AT_ONCE === 0) await nextTurn()
    }
  }

  const lookAtAll = async (): Promise<void> => gather(followed.keys())
  const looking = runEvery(lookAtAll, { intervalMs, onError })

  const stop = async (): Promise<void> => {
    isStopped = true
    await looking.stop()
  }

  /** True while followers are being told: what can wait for that should. */
  const isBusy = (): boolean => isTelling

  return { follow, isBusy, stop }
}

const leastSeen = (followers: ReadonlySet<Follower>): number => {
  let least = Number.MAX_SAFE_INTEGER
  for (const { seen } of followers) least = Math.min(least, seen)
  return least
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))
