import type { Mutation } from '../mutation.ts'

const CHOOSE = 'src/generation/run/choose-tier.ts'
const BUY = 'src/generation/run/buy.ts'
const CALL = 'src/generation/run/call-provider.ts'
const ATTEMPTS = 'src/generation/run/attempts.ts'
const LIMITS = 'src/generation/state/tier-limits.ts'
const RETRY = 'src/generation/run/retry-policy.ts'
const PRICES = 'src/adapters/providers/gemini-prices.ts'

const CHOSEN = ['test/unit/choose-tier.test.ts']
const RUNS = ['test/integration/flex-runs.test.ts']
const WIRE = ['test/integration/gemini-tiers.test.ts']
const LANE = ['test/integration/flex.test.ts']

/** What keeps the half price half, and whoever waits from waiting for it. */
export const tiers: readonly Mutation[] = [
  {
    name: 'tier: nobody who waits',
    why: 'a person waits a quarter of an hour for two cents',
    file: CHOOSE,
    find: "claim.lane === 'eager' ? (claim.keyTier ?? eager) : 'standard'",
    replace: 'claim.keyTier ?? eager',
    tests: CHOSEN,
  },
  {
    name: 'tier: its key’s first',
    why: 'who pays the full price for speed has it made at half, or the other way round',
    file: CHOOSE,
    find: '(claim.keyTier ?? eager)',
    replace: 'eager',
    tests: CHOSEN,
  },
  {
    name: 'tier: what a model refuses',
    why: 'every eager image is rejected once before it is made',
    file: CHOOSE,
    find: 'if (isRefused || claim.doubtedTier',
    replace: 'if (claim.doubtedTier',
    tests: CHOSEN,
  },
  {
    name: 'tier: a lost result is made at the surest',
    why: 'the last call that may be paid for is one that may be shed or lost again',
    file: CHOOSE,
    find: ' || claim.ambiguousCalls > 0)',
    replace: ')',
    tests: CHOSEN,
  },
  {
    name: 'tier: standard after its time',
    why: 'a model without room keeps an image for a day, and then fails it',
    file: CHOOSE,
    find: "if (patienceLeftMs(claim, bound) <= 0) return 'standard'\n",
    replace: '',
    tests: CHOSEN,
  },
  {
    name: 'tier: time for a call at the standard one',
    why: 'a deadline passes while the cheap call is out',
    file: CHOOSE,
    find: 'bound.callMs + standardCallMs',
    replace: 'bound.callMs',
    tests: CHOSEN,
  },
  {
    name: 'tier: a person who comes before it is sent',
    why: 'it goes out for minutes under the eyes of who waits',
    file: ATTEMPTS,
    find: 'where generations.id = claim.id and is_allowed and not is_wanted_at_once',
    replace: 'where generations.id = claim.id and is_allowed',
    tests: RUNS,
  },
  {
    name: 'tier: no room uses nothing up',
    why: 'six busy moments fail an image that nobody has been charged for',
    file: CALL,
    find: 'const isTried = isTrial || isOfTier(tier, error)',
    replace: 'const isTried = isTrial',
    tests: RUNS,
  },
  {
    name: 'tier: a refused prompt is refused',
    why: 'what the model refuses is asked again at the full price',
    file: CALL,
    find: " &&\n  error.code !== 'refused_prompt'",
    replace: '',
    tests: RUNS,
  },
  {
    name: 'tier: no room tells everybody',
    why: 'a thousand saves ask a model without room, one after the other',
    file: BUY,
    find: 'if (shedMs > 0) throw heldAtTier',
    replace: 'if (shedMs < 0) throw heldAtTier',
    tests: RUNS,
  },
  {
    name: 'tier: refused for a day',
    why: 'each eager image is rejected once, and waits for it',
    file: BUY,
    find: 'if (tier) await refuseTier',
    replace: 'if (!tier) await refuseTier',
    tests: RUNS,
  },
  {
    name: 'tier: left alone for longer',
    why: 'a model without room is asked twice a minute all day',
    file: LIMITS,
    find: 'least(2 * (known.limited_until - known.limited_at)',
    replace: 'least(1 * (known.limited_until - known.limited_at)',
    tests: RUNS,
  },
  {
    name: 'tier: who waits is not kept',
    why: 'a person waits for a price that is not theirs',
    file: RETRY,
    find: "row.lane === 'eager' ? Math.min(spread(row, failure), failure.atMostMs) : 0",
    replace: 'Math.min(spread(row, failure), failure.atMostMs)',
    tests: RUNS,
  },
  {
    name: 'tier: not beyond its time',
    why: 'an image is failed for a price that could have been paid',
    file: RETRY,
    find: 'Math.min(spread(row, failure), failure.atMostMs)',
    replace: 'spread(row, failure)',
    tests: RUNS,
  },
  {
    name: 'tier: no more than its places',
    why: 'a long line of saves opens as many connections as it has images',
    file: BUY,
    find: 'if (!leave) throw heldAtTier(deps, claim, tier, FULL_RETRY_MS)',
    replace: '',
    tests: RUNS,
  },
  {
    name: 'tier: its slot is given back',
    why: 'a few cheap calls keep everybody who waits from the model',
    file: BUY,
    find: '  deps.onLong()\n',
    replace: '',
    tests: LANE,
    pattern: 'keeps nobody',
  },
  {
    name: 'tier: booked by what served',
    why: 'what was billed in full is booked at half',
    file: 'src/adapters/providers/gemini.ts',
    find: 'servedTier ?? request.tier',
    replace: 'request.tier',
    tests: WIRE,
  },
  {
    name: 'tier: silence is the one that was asked for',
    why: 'every cheap image is booked at the full price',
    file: 'src/adapters/providers/gemini.ts',
    find: 'servedTier ?? request.tier',
    replace: 'servedTier',
    tests: WIRE,
  },
  {
    name: 'tier: a share that nobody says',
    why: 'a model is booked at half the price on nobody’s word',
    file: PRICES,
    find: '?? shares[tier] ?? 1)',
    replace: '?? 0.1)',
    tests: WIRE,
  },
]
