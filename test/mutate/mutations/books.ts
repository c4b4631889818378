import type { Mutation } from '../mutation.ts'

const RECONCILE = ['test/integration/reconcile.test.ts']
const SAVINGS = ['test/integration/savings.test.ts']

const DAYS = 'src/features/books/match-days.ts'
const CALLS = 'src/features/books/match-calls.ts'
const SETTLE = 'src/features/books/settle.ts'

/** What keeps the bill's word and the books from being bent. */
export const books: readonly Mutation[] = [
  {
    name: 'bill: each kind by itself',
    why: 'a wrong row passes as another is wrong by as much',
    file: DAYS,
    find: 'differences.every((difference) => difference <= toleranceNanoUsd)',
    replace: 'Math.abs(rest) <= toleranceNanoUsd',
    tests: RECONCILE,
    pattern: 'difference between kinds',
  },
  {
    name: 'bill: what it lacks',
    why: 'what was never billed passes for explained',
    file: DAYS,
    find: 'if (differences.some((difference) => difference < -toleranceNanoUsd)) return undefined',
    replace: '',
    tests: RECONCILE,
  },
  {
    name: 'bill: as much as estimates can be',
    why: 'any sum is taken for that of a call that was cut off',
    file: DAYS,
    find: 'rest < 0 || rest > MAX_OF_ESTIMATE * sumOfEstimates(estimates)',
    replace: 'rest < 0',
    tests: RECONCILE,
  },
  {
    name: 'bill: an unfinished day proves nothing',
    why: 'calls are booked at 0 that are billed tomorrow',
    file: DAYS,
    find: 'if (isEven) return isComplete ? estimates.map(absent) : []',
    replace: 'if (isEven) return estimates.map(absent)',
    tests: RECONCILE,
    pattern: 'unfinished',
  },
  {
    name: 'bill: two ids are two calls',
    why: 'a call that nobody booked is taken for another of the same price',
    file: CALLS,
    find: 'if (row.responseId !== undefined && call.responseId !== undefined) continue',
    replace: '',
    tests: RECONCILE,
    pattern: 'rows match by id',
  },
  {
    name: 'settle: the generation',
    why: 'a generation goes on costing what nobody billed',
    file: SETTLE,
    find: 'set cost_nano_usd = cost_nano_usd + owed',
    replace: 'set cost_nano_usd = cost_nano_usd + 0 * owed',
    tests: RECONCILE,
    pattern: 'an estimate that the bill has',
  },
  {
    name: 'settle: the figures',
    why: 'the figures keep what the books have corrected',
    file: SETTLE,
    find: 'is_counted = case when call.is_counted then false else call.is_counted end',
    replace: 'is_counted = call.is_counted',
    tests: RECONCILE,
    pattern: 'folded before',
  },
  {
    name: 'settle: who and when',
    why: 'nobody can tell why a call costs something else',
    file: SETTLE,
    find: 'from due join changed on changed.id = due.id\n      on conflict',
    replace: 'from due join changed on changed.id = due.id where false\n      on conflict',
    tests: RECONCILE,
    pattern: 'an estimate that the bill has',
  },
  {
    name: 'settle: a call that may be out',
    why: 'a call is settled that says itself what it cost, a moment later',
    file: SETTLE,
    find: "(finished_at is not null or started_at < now() - interval '3 days')",
    replace: 'true',
    tests: RECONCILE,
    pattern: 'worker died',
  },
  {
    name: 'bills: for operators',
    why: 'an owner reads what everybody spends, and settles calls by a bill of their own',
    file: 'src/features/books/routes.ts',
    find: '  router.use(requireOperator)\n',
    replace: '',
    tests: SAVINGS,
    pattern: 'operators alone',
  },
  {
    name: 'savings: whose',
    why: 'an owner reads what another saved and spent',
    file: 'src/features/analytics/scope-of.ts',
    find: 'parseScope(principal, owner ?? (principal.isAdmin ? ALL_OWNERS : undefined))',
    replace: 'owner ?? (principal.isAdmin ? undefined : principal.ownerId)',
    tests: SAVINGS,
    pattern: 'nobody else’s',
  },
  {
    name: 'savings: a refusal is none',
    why: 'what was refused is told as money saved',
    file: 'src/features/analytics/savings.ts',
    find: 'exact.nanoUsd + joined.nanoUsd + similar.nanoUsd + tiers.savedNanoUsd',
    replace: 'exact.nanoUsd + joined.nanoUsd + similar.nanoUsd + 40_350_000n',
    tests: SAVINGS,
    pattern: 'what was bought',
  },
]
