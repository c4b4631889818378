import type { Backend, Result } from './result.ts'

/**
 * How much is done. `scale` multiplies every count; `seed` makes what is random repeatable; `given` are counts by name, which
 * hold as they are.
 */
export type Plan = {
  form: 'full' | 'short'
  scale: number
  seed: number
  given?: Readonly<Record<string, number>>
}

export type Setting = { backend: Backend; plan: Plan }

/** Brings its own stack up and down, and says what it found; throws only when it could not be carried out. */
export type Scenario = {
  name: string
  /** Where it has a meaning; all of them unless given. */
  backends?: readonly Backend[]
  run: (setting: Setting) => Promise<Result[]>
}

/** A count of the plan, at least 1; one that has a name may be given on the command line. */
export const countOf = (
  { form, scale, given = {} }: Plan,
  counts: { full: number; short: number },
  name = '',
): number => given[name] ?? Math.max(1, Math.round(counts[form] * scale))
