import type { Mutation } from '../mutation.ts'

const SEND = 'src/features/batches/send.ts'
const INTEND = 'src/features/batches/intend.ts'
const GATHER = 'src/features/batches/gather.ts'
const RESULTS = 'src/features/batches/take-results.ts'
const ROUTES = 'src/features/batches/routes.ts'
const SETTLE = 'src/generation/run/settle-batched.ts'
const RUN = 'src/generation/run/run.ts'
const INTERVENTIONS = 'src/generation/state/interventions.ts'
const FILES = 'src/adapters/providers/gemini-files.ts'

const BATCHES = ['test/integration/batches.test.ts']
const KILLED = ['test/chaos/batches.test.ts']
const ANEW = ['test/integration/batches-bought-anew.test.ts']

/** What keeps batches from being bought twice, and what is in them from being lost. */
export const batches: readonly Mutation[] = [
  {
    name: 'batch: looked for before it is sent again',
    why: 'whose answer was lost is bought twice',
    file: SEND,
    find: '    if (first) return running(first.name)\n',
    replace: '',
    tests: BATCHES,
    pattern: 'is found by its name',
  },
  {
    name: 'batch: written down before it is sent',
    why: 'a worker that dies while it is sent has another one buy it again',
    file: SEND,
    find: 'saveBatch(deps.db, batch, { sentAt: sql<Date>`now()` })',
    replace: 'saveBatch(deps.db, batch, { sentAt: null })',
    tests: KILLED,
  },
  {
    name: 'batch: one that is in it joins it again',
    why: 'whoever cancels and asks again pays twice',
    file: RUN,
    find: '  if (claim.isInBatch) {',
    replace: '  if (!claim.isInBatch && claim.isInBatch) {',
    tests: BATCHES,
    pattern: 'is left to that batch',
  },
  {
    name: 'batch: limits',
    why: 'batches pass every limit',
    file: INTEND,
    find: 'await recordIntent(tx, claim, ',
    replace: 'await recordIntent(tx, { ...claim, id: claim.id }, 0 * ',
    tests: BATCHES,
    pattern: 'what would pass a limit',
  },
  {
    name: 'batch: for what a person waits for there is none',
    why: 'people wait for hours',
    file: GATHER,
    find: "  claim.lane === 'eager' &&\n",
    replace: '',
    tests: BATCHES,
    pattern: 'made at once for a person',
  },
  {
    name: 'batch: a late result changes nothing',
    why: 'what was canceled comes back as an image, or another one is written over',
    file: SETTLE,
    find: 'isHeldByBatch(row) && row.fence === call.fence',
    replace: 'isHeldByBatch(row) || row.fence >= call.fence',
    tests: ANEW,
  },
  {
    name: 'batch: a late result is booked',
    why: 'what came for a canceled generation is on no bill of ours',
    file: SETTLE,
    find: '    await book(deps, call, answer.result)\n',
    replace: '    if (isOurs) await book(deps, call, answer.result)\n',
    tests: BATCHES,
    pattern: 'is canceled in a batch is booked',
  },
  {
    name: 'batch: what is missing may have been charged',
    why: 'lost results are free in our books',
    file: RESULTS,
    find: 'isRead && NEVER_MADE.includes(outcome)',
    replace: 'isRead || NEVER_MADE.includes(outcome)',
    tests: BATCHES,
    pattern: 'a result that is missing',
  },
  {
    name: 'batch: a person leaves its deadline',
    why: 'what is paid for is given up before it is there',
    file: INTERVENTIONS,
    find: 'case when ${isBatched} then deadline_at else ',
    replace: 'case when ${isBatched} and false then deadline_at else ',
    tests: BATCHES,
    pattern: 'a person who asks for one in a batch',
  },
  {
    name: 'batch: operators alone see them',
    why: 'anybody sees what everybody makes',
    file: ROUTES,
    find: "router.get('/', requireOperator, ",
    replace: "router.get('/', ",
    tests: BATCHES,
    pattern: 'operators see batches',
  },
  {
    name: 'batch: operators alone cancel them',
    why: 'anybody ends what everybody waits for',
    file: ROUTES,
    find: "router.post('/:id/cancel', requireOperator, ",
    replace: "router.post('/:id/cancel', ",
    tests: BATCHES,
    pattern: 'operators see batches',
  },
  {
    name: 'batch: what goes up goes to the provider alone',
    why: 'whoever is named there has the key and the prompts',
    file: FILES,
    find: "const { pathname, search } = new URL(url, 'http://here')\n    return `${pathname.slice(1)}${search}`",
    replace: "return `../../${url.replace(/^https?:/, '')}`",
    tests: ['test/integration/gemini-batches.test.ts'],
  },
]
