import type { Mutation } from '../mutation.ts'

const TRANSITIONS = 'src/generation/state/transitions.ts'
const GUARDS = ['test/integration/money-guards.test.ts']

/** What keeps an image from being bought twice. */
export const money: readonly Mutation[] = [
  {
    name: 'fence',
    why: 'a worker whose claim was taken over writes over the new one’s result',
    file: TRANSITIONS,
    find: "    .where('fence', '=', claim.fence)\n",
    replace: '',
    tests: GUARDS,
    pattern: 'stale',
  },
]
