import type { Database } from '../../../db/database.ts'

export type Lives = { lives: number; isEndedOnce: boolean }

const TERMINAL: ReadonlySet<string> = new Set([
  'generation.succeeded',
  'generation.failed',
  'generation.canceled',
])

/**
 * Reads each generation's events as its lives, each from being asked for to its end. All is well when the sequence has
 * no gaps, each life ends with one terminal event and nothing but a new life follows it; with `areDeleted`, where owners
 * delete images, a success may be taken back once.
 */
export const readLives = async (
  db: Database,
  { areDeleted = false } = {},
): Promise<(id: string) => Lives> => {
  const events = await db
    .selectFrom('generationEvents')
    .select(['generationId', 'sequence', 'type'])
    .where('sequence', 'is not', null)
    .orderBy('generationId')
    .orderBy('sequence')
    .execute()
  const types = new Map<string, string[]>()
  const hasGap = new Set<string>()
  for (const { generationId, sequence, type } of events) {
    const id = generationId ?? ''
    const own = types.get(id) ?? []
    types.set(id, own)
    own.push(type)
    if (sequence !== own.length) hasGap.add(id)
  }
  return (id) => {
    const own = types.get(id) ?? []
    const { lives, isEndedOnce } = parseLives(areDeleted ? withoutDeletions(own) : own)
    return { lives, isEndedOnce: isEndedOnce && !hasGap.has(id) }
  }
}

const withoutDeletions = (types: readonly string[]): string[] =>
  types.filter(
    (type, n) => type !== 'generation.canceled' || types[n - 1] !== 'generation.succeeded',
  )

const parseLives = (types: readonly string[]): Lives => {
  let lives = 0
  let isOver = true
  for (const type of types) {
    if (isOver !== (type === 'generation.queued' && isOver)) return { lives, isEndedOnce: false }
    if (isOver) lives++
    isOver = TERMINAL.has(type)
  }
  return { lives, isEndedOnce: lives > 0 && isOver }
}
