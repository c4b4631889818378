import type { Mutation } from '../mutation.ts'

const ERASURE = ['test/integration/erasure.test.ts']
const RESTORED = ['test/integration/erasure-restored.test.ts']
const EXPORT = ['test/integration/export.test.ts']
const RETENTION = ['test/integration/retention.test.ts']

/** What keeps what an owner may ask from being somebody else’s, from coming back, and from costing anything. */
export const privacy: readonly Mutation[] = [
  {
    name: 'export: of another by operators alone',
    why: 'everybody reads, and erases, everybody',
    file: 'src/features/owners/routes.ts',
    find: '    assertOperator(principalOf(res))\n',
    replace: '',
    tests: EXPORT,
  },
  {
    name: 'export: the owner’s rows alone',
    why: 'an archive has everybody’s rows',
    file: 'src/features/owners/export-tables.ts',
    find: 'where ${sql.ref(owner)} = ${ownerId} and ${isAfter}',
    replace: 'where ${isAfter}',
    tests: EXPORT,
  },
  {
    name: 'export: without secrets',
    why: 'an archive has what webhooks are signed with',
    file: 'src/features/owners/export-tables.ts',
    find: "without: ['secret', 'previous_secret']",
    replace: 'without: []',
    tests: EXPORT,
  },
  {
    name: 'erasure: over when nothing is left',
    why: 'the cascade takes calls that are not in the books, and objects stay',
    file: 'src/features/owners/finish-erasure.ts',
    find: '    if (rows[0]?.isLeft) return false\n',
    replace: '',
    tests: ['test/integration/finish-erasure.test.ts'],
  },
  {
    name: 'erasure: requests are refused meanwhile',
    why: 'what is asked for meanwhile is erased without a word',
    file: 'src/features/owners/erasing-owners.ts',
    find: 'if (owners.has(ownerId)) throw underWay()',
    replace: '',
    tests: ERASURE,
  },
  {
    name: 'erasure: who came back is left alone',
    why: 'the list erases what was made after the erasure',
    file: 'src/features/owners/apply-list.ts',
    find: 'where users.created_at <= one."requestedAt"\n        and',
    replace: 'where',
    tests: RESTORED,
  },
  {
    name: 'retention: a digest is never sent',
    why: 'the model is paid to draw a digest',
    file: 'src/generation/submit/retry-generations.ts',
    find: 'if (row.isPromptReduced) {',
    replace: 'if (false) {',
    tests: RETENTION,
  },
  {
    name: 'retention: what is looked at stays',
    why: 'images in use are deleted and bought again',
    file: 'src/features/retention/unused-images.ts',
    find: '      and (accessed_on is null or accessed_on < (${cutoff})::date)\n',
    replace: '',
    tests: RETENTION,
  },
]
