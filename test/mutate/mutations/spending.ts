import type { Mutation } from '../mutation.ts'

const ATTEMPTS = 'src/generation/run/attempts.ts'
const LIMITS = 'src/generation/state/spending-limits.ts'
const INSERT = 'src/generation/state/insert-or-requeue.ts'
const EMBEDDER = 'src/features/similarity/paid-embedder.ts'
const JUDGE = 'src/features/similarity/judge/paid-judge.ts'
const JUDGED = ['test/integration/similarity-judge.test.ts']
const BUDGETS = 'src/features/spending/budgets.ts'
const SWITCH = 'src/features/spending/switch.ts'
const ROUTES = 'src/features/spending/routes.ts'
const MIGRATION = 'db/migrations/0036-nano-dollars.ts'
const IN_STEP = 'db/keep-in-step.ts'

const WAIT = 'src/generation/run/wait-for-budget.ts'

const WAITS = ['test/integration/wait-for-budget.test.ts']
const SUMS = ['test/integration/spending-limits.test.ts']
const HTTP = ['test/integration/spending.test.ts']
const NANO = ['test/integration/nano-dollars.test.ts']

const CALLS = 'src/features/gateway/calls.ts'
const PAID = ['test/integration/paid-calls.test.ts']
const PASSED = ['test/integration/gemini-pass-through.test.ts']

/** What keeps within its limits what is spent, and its sums right. */
export const spending: readonly Mutation[] = [
  {
    name: 'erasure: what was spent stays spent',
    why: 'who has spent a budget erases themselves, and has it once more',
    file: 'src/features/owners/finish-erasure.ts',
    find: '    await keepSpending(tx, erasure)\n',
    replace:
      "    await sql`delete from spending where scope = 'owner:' || ${ownerId}::text`.execute(tx)\n    await sql`delete from budgets where scope = 'owner:' || ${ownerId}::text`.execute(tx)\n",
    tests: ['test/integration/finish-erasure.test.ts'],
  },
  {
    name: 'erasure: who is handed on has spent it, too',
    why: 'who comes back after an erasure has a budget for what is handed on',
    file: 'src/features/gateway/calls.ts',
    find: '  await insertOwnerIfNew(db, ownerId)\n',
    replace: '',
    tests: PASSED,
  },
  {
    name: 'start: other limits wake what waits',
    why: 'what waits for a budget waits on under a higher one',
    file: 'src/features/spending/changed-settings.ts',
    find: '  await wakeStopped(db)\n',
    replace: '',
    tests: ['test/integration/wait-for-budget.test.ts'],
  },
  {
    name: 'judge: an end to an owner’s calls of a day',
    why: 'an owner with many near prompts asks without end',
    file: JUDGE,
    find: ') < ${dailyCalls}',
    replace: ') <= ${dailyCalls} + 1000',
    tests: JUDGED,
  },
  {
    name: 'judge: not where a relation is turned',
    why: 'a model may say that who chases whom makes no difference',
    file: 'src/features/similarity/gate/only-wording.ts',
    find: "  ['turned', areTurned],\n",
    replace: '',
    tests: ['test/unit/similarity-pairs.test.ts'],
  },
  {
    name: 'judge: not where a prompt speaks to it',
    why: 'what asks for the answer yes is put to who gives it',
    file: 'src/features/similarity/gate/only-wording.ts',
    find: "  ['instructions', (a, b) => isAboutTexts(a) || isAboutTexts(b)],\n",
    replace: '',
    tests: ['test/unit/similarity-pairs.test.ts'],
  },
  {
    name: 'judge: settled by what it cost',
    why: 'each call stays booked at the most that it may cost',
    file: JUDGE,
    find: '      costNanoUsd,\n      finishedAt',
    replace: '      finishedAt',
    tests: JUDGED,
  },
  {
    name: 'judge: once a pair',
    why: 'what was said is paid for again',
    file: 'src/features/similarity/judge/verdict-rows.ts',
    find: 'JSON.stringify([a, b].sort())',
    replace: 'JSON.stringify([a, b])',
    tests: JUDGED,
  },
  {
    name: 'handed on: within limits',
    why: 'what is handed on to the provider passes every budget',
    file: CALLS,
    find: 'where not exists (select from passed) and not exists (select from paused)',
    replace: 'where not exists (select from paused)',
    tests: PASSED,
  },
  {
    name: 'handed on: not while paying is stopped',
    why: 'the switch stops images alone',
    file: CALLS,
    find: 'where not exists (select from passed) and not exists (select from paused)',
    replace: 'where not exists (select from passed)',
    tests: PASSED,
  },
  {
    name: 'handed on: what is cut off stays booked',
    why: 'a caller who hangs up is not charged for what the provider charges',
    file: 'src/features/gateway/gemini/pass-through.ts',
    find: 'costNanoUsd: counted ?? heldNanoUsd',
    replace: 'costNanoUsd: counted ?? 0',
    tests: PASSED,
  },
  {
    name: 'limit: compared',
    why: 'a limit stops one call too late',
    file: ATTEMPTS,
    find: 'where nano_usd + held > limit_nano_usd',
    replace: 'where nano_usd > limit_nano_usd',
    tests: SUMS,
  },
  {
    name: 'limit: heeded by the call',
    why: 'limits are told and not kept',
    file: ATTEMPTS,
    find: 'and not exists (select from passed) and not exists (select from paused)',
    replace: 'and not exists (select from paused)',
    tests: SUMS,
  },
  {
    name: 'switch: heeded by the call',
    why: 'the switch stops nothing',
    file: ATTEMPTS,
    find: 'and not exists (select from passed) and not exists (select from paused)',
    replace: 'and not exists (select from passed)',
    tests: SUMS,
  },
  {
    name: 'limit: the newest sum',
    why: 'calls at the same moment each see what was spent before all of them',
    file: LIMITS,
    find: 'returning scope, period, starts, nano_usd)`',
    replace:
      'returning scope, period, starts, (select nano_usd from spending as before where before.scope = spending.scope and before.period = spending.period and before.starts = spending.starts) as nano_usd)`',
    tests: SUMS,
  },
  {
    name: 'call: on the account of its key',
    why: 'what a key pays is in no limit of it',
    file: ATTEMPTS,
    find: "select id, key_id, fence, coalesce(worker_id, '')",
    replace: "select id, null, fence, coalesce(worker_id, '')",
    tests: SUMS,
  },
  {
    name: 'sums: settled',
    why: 'holds are never given back',
    file: MIGRATION,
    find: 'when (old.cost_nano_usd is distinct from new.cost_nano_usd)',
    replace: 'when (false)',
    tests: SUMS,
  },
  {
    name: 'prefix: its sum when it is set',
    why: 'what its owners spent before is forgotten',
    file: BUDGETS,
    find: "if (scope.startsWith('prefix:')) await sumUpPrefix(tx, scope)",
    replace: '',
    tests: SUMS,
  },
  {
    name: 'switch: waits for what is on its way',
    why: 'a call is sent after all paying was stopped',
    file: SWITCH,
    find: 'await lockSums(tx)\n    const row',
    replace: 'const row',
    tests: SUMS,
  },
  {
    name: 'wake: what is about to wait is waited for',
    why: 'eager work waits an hour, or a day, for what is long allowed',
    file: SWITCH,
    find: 'await lockSums(tx)\n    await tx',
    replace: 'await tx',
    tests: WAITS,
  },
  {
    name: 'wake: the limits are held while it begins to wait',
    why: 'the same',
    file: WAIT,
    find: 'await holdLimits(tx)',
    replace: '',
    tests: WAITS,
  },
  {
    name: 'wake: what was lifted before is seen',
    why: 'the same',
    file: WAIT,
    find: 'stop ? waitMsOf(stop) : 0',
    replace: 'waitMsOf(stop ?? failure)',
    tests: WAITS,
  },
  {
    name: 'embedding: limited',
    why: 'embeddings are paid for beyond every limit',
    file: EMBEDDER,
    find: 'nano_usd + ${held} > limit_nano_usd',
    replace: 'false',
    tests: SUMS,
  },
  {
    name: 'submission: refused at a limit',
    why: 'thousands are queued that can never be paid for',
    file: INSERT,
    find: 'nano_usd + cost > limit_nano_usd as is_passed',
    replace: 'false as is_passed',
    tests: HTTP,
  },
  {
    name: 'switch: for operators',
    why: 'anyone stops the service for all',
    file: ROUTES,
    find: "spending.post('/pause', requireOperator,",
    replace: "spending.post('/pause',",
    tests: HTTP,
  },
  {
    name: 'budgets: for operators',
    why: 'owners set their own limits',
    file: ROUTES,
    find: "budgets.put('/:scope', requireOperator,",
    replace: "budgets.put('/:scope',",
    tests: HTTP,
  },
  {
    name: 'dollars: the release before is counted',
    why: 'what workers of the release before pay is in no sum while a new one is rolled out',
    file: IN_STEP,
    find: '        new.${nano} := to_nano_usd(new.${usd});\n',
    replace: '        null;\n',
    tests: NANO,
    pattern: 'goes on beside',
  },
  {
    name: 'integers: the release before reads them',
    why: 'workers of the release before settle calls of the new one by a hold of nothing',
    file: IN_STEP,
    find: '        new.${usd} := new.${nano} / 1e9::float8;\n',
    replace: '        null;\n',
    tests: NANO,
    pattern: 'after thousands of calls',
  },
  {
    name: 'integers: of what was paid before',
    why: 'all that was ever spent is nothing after an upgrade',
    file: 'db/fill-patiently.ts',
    find: 'for (let last: string | undefined | null; last !== null; )',
    replace: 'for (let last: string | undefined | null = null; last !== null; )',
    tests: NANO,
    pattern: 'fills every row',
  },
  {
    name: 'integers: sums are of numbers',
    why: 'sums of two are written one behind the other',
    file: 'db/read-money.ts',
    find: "column === 'nanoUsd' || column.endsWith('NanoUsd')",
    replace: "column === 'nanoUsd'",
    tests: PAID,
  },
]
