import type { Mutation } from '../mutation.ts'

const EXPLAIN = ['test/integration/explain.test.ts']
const FORESEEN = 'src/features/explain/explain.ts'

/** What keeps an explanation from doing what it explains, and from saying what is not so. */
export const explain: readonly Mutation[] = [
  {
    name: 'explain: no embedding is bought',
    why: 'looking what something costs costs something',
    file: 'src/features/similarity/foresee.ts',
    find: 'if (mayCost(embedder, prompt) > 0) {',
    replace: 'if (prompt === undefined) {',
    tests: EXPLAIN,
    pattern: 'is written, stored',
  },
  {
    name: 'explain: a condition image is not stored',
    why: 'every letter that is typed keeps a picture',
    file: 'src/generation/submit/uploads.ts',
    find: 'return foreseeUpload(looking, ownerId, bytes).catch(',
    replace:
      'return storeUpload(looking, ownerId, bytes).then((stored) => toConditionImage(stored.row)).catch(',
    tests: EXPLAIN,
    pattern: 'is recognised as one',
  },
  {
    name: 'explain: what may be asked for',
    why: 'it promises what is refused then',
    file: FORESEEN,
    find: '    assertMayAsk(request)\n',
    replace: '',
    tests: EXPLAIN,
    pattern: 'may not ask for',
  },
  {
    name: 'explain: limits to what is spent',
    why: 'it promises what is refused then',
    file: FORESEEN,
    find: "if (stop && wanted.lane === 'interactive') {",
    replace: "if (stop && wanted.lane === 'eager') {",
    tests: EXPLAIN,
    pattern: 'that are spent refuse',
  },
  {
    name: 'explain: of several, what those before take',
    why: 'three are promised where there is money for two',
    file: FORESEEN,
    find: '  moment.neededNanoUsd += mayCostNanoUsd\n  if (wait)',
    replace: '  if (wait)',
    tests: EXPLAIN,
    pattern: 'for several pictures',
  },
  {
    name: 'explain: others’ figures',
    why: 'one owner learns what all others spend',
    file: 'src/features/explain/present.ts',
    find: "scope === 'owner' || scope === 'key'",
    replace: "scope !== 'all'",
    tests: EXPLAIN,
    pattern: 'told with figures',
  },
  {
    name: 'explain: what a similar image is declined for',
    why: 'it says that what is bought is free',
    file: 'src/generation/submit/foresee.ts',
    find: 'return isDeclined ? foreseeJoin(deps, own) : joined',
    replace: 'return joined',
    tests: EXPLAIN,
    pattern: 'that would answer are what is reused',
  },
]
