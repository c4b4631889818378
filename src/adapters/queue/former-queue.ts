import type { Redis } from 'ioredis'
import type { DeferredSubmission } from '../../generation/submit/deferred-submission.ts'
import type { JobData } from './backend.ts'

/*
 * The release before kept every installation's jobs under BullMQ's own prefix. Jobs of rows are made anew by the sweeper; a request
 * that was parked while Postgres was away is in its job alone.
 */

type ParkedJob = { key: string; parked: DeferredSubmission }

const PAGE_JOBS = 500

/** Where BullMQ has the jobs that no worker holds. */
const SORTED_SETS = ['prioritized', 'delayed']

export const countParkedByFormerRelease = async (redis: Redis, name: string): Promise<number> => {
  let count = 0
  for await (const page of listParked(redis, name)) count += page.length
  return count
}

/**
 * Hands each parked request to `take`, and takes its job out of the former queue once that has resolved. Returns how many there
 * were. Safe to repeat, and beside workers of the release before.
 */
export const takeParkedOfFormerRelease = async (
  redis: Redis,
  name: string,
  take: (parked: DeferredSubmission) => Promise<void>,
): Promise<number> => {
  const all: ParkedJob[] = []
  for await (const page of listParked(redis, name)) all.push(...page)
  for (const { key, parked } of all) {
    await take(parked)
    const id = parked.generation.id
    const removal = redis.multi().del(key)
    for (const set of SORTED_SETS) removal.zrem(`bull:${name}:${set}`, id)
    await removal.exec()
  }
  return all.length
}

async function* listParked(redis: Redis, name: string): AsyncGenerator<ParkedJob[]> {
  for (const set of SORTED_SETS) {
    for (let start = 0; ; start += PAGE_JOBS) {
      const ids = await redis.zrange(`bull:${name}:${set}`, `${start}`, `${start + PAGE_JOBS - 1}`)
      if (ids.length === 0) break
      const keys = ids.map((id) => `bull:${name}:${id}`)
      const reads = redis.pipeline()
      for (const key of keys) reads.hget(key, 'data')
      const answers = (await reads.exec()) ?? []
      yield answers.flatMap(([, data], i) => toParked(keys[i] ?? '', data))
    }
  }
}

const toParked = (key: string, data: unknown): ParkedJob[] => {
  if (typeof data !== 'string') return []
  const { parked } = JSON.parse(data) as JobData
  return parked ? [{ key, parked }] : []
}
