export type Backend = 'redis' | 'postgres'

/** A figure and the bounds that it must keep to. */
export type Check = { name: string; measured: number; min?: number; max?: number }

/** One line of the table: what was looked at, the figures with their limits, and whether all keep to them. */
export type Result = {
  scenario: string
  backend: Backend
  what: string
  measured: string
  ok: boolean
  /** For whoever looks for the cause of a breach. */
  details: readonly string[]
}

export const atMost = (name: string, measured: number, max: number): Check => ({
  name,
  measured,
  max,
})

export const exactly = (name: string, measured: number, expected: number): Check => ({
  name,
  measured,
  min: expected,
  max: expected,
})

/** For the reader, without a limit. */
export const figure = (name: string, measured: number): Check => ({ name, measured })

export const toResult = (
  { scenario, backend }: { scenario: string; backend: Backend },
  what: string,
  checks: Check[],
  details: readonly string[] = [],
): Result => ({
  scenario,
  backend,
  what,
  measured: checks.map(describe).join(', '),
  ok: checks.every(holds),
  details,
})

/** A NaN holds to no limit. */
const holds = ({ measured, min, max }: Check): boolean =>
  (min === undefined || measured >= min) && (max === undefined || measured <= max)

const describe = (check: Check): string => {
  const { name, measured, min, max } = check
  const limit = min === max ? min : `${min === undefined ? '≤' : '≥'}${max ?? min}`
  const text = limit === undefined ? `${name} ${measured}` : `${name} ${measured} (${limit})`
  return holds(check) ? text : `!! ${text}`
}
