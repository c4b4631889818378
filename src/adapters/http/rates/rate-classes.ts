type RateRule = {
  /** What one owner, or one address where owners are not known, may do in a minute unless the settings say otherwise. */
  perMinute: number
  /** Whom it is counted by. Owners' classes are counted by address besides, at a multiple. */
  by: 'owner' | 'address'
  /** True where all processes count together; false where each counts for itself. */
  isShared: boolean
  /** What is counted, as in "An owner may send 1000 telemetry events a minute." */
  says: string
}

/** What may be done how often. Reads cost little and are counted in each process; what makes rows or calls, together. */
export const RATE_CLASSES = {
  read: { perMinute: 3_000, by: 'owner', isShared: false, says: 'read 3000 times' },
  ask: { perMinute: 1_200, by: 'owner', isShared: true, says: 'ask for images 1200 times' },
  new: { perMinute: 300, by: 'owner', isShared: true, says: 'have 300 new images begun' },
  explain: { perMinute: 600, by: 'owner', isShared: false, says: 'have 600 requests explained' },
  upload: { perMinute: 120, by: 'owner', isShared: true, says: 'upload 120 images' },
  change: { perMinute: 600, by: 'owner', isShared: true, says: 'change things 600 times' },
  'webhook-test': { perMinute: 20, by: 'owner', isShared: true, says: 'send 20 webhooks by hand' },
  telemetry: { perMinute: 1_000, by: 'owner', isShared: true, says: 'send 1000 telemetry events' },
  hook: { perMinute: 6_000, by: 'address', isShared: true, says: 'send 6000 hooks' },
  'sign-in': { perMinute: 30, by: 'address', isShared: true, says: 'fail to sign in 30 times' },
  image: { perMinute: 12_000, by: 'address', isShared: false, says: 'load 12000 images' },
  page: { perMinute: 3_000, by: 'address', isShared: false, says: 'load 3000 pages and files' },
} as const satisfies Record<string, RateRule>

export type RateClass = keyof typeof RATE_CLASSES

/** What may be done in a minute, by class. */
export type RateLimits = Record<RateClass, number>

export const RATE_CLASS_NAMES = Object.keys(RATE_CLASSES) as RateClass[]

/** All rates are by the minute. */
export const RATE_WINDOW_SECONDS = 60

export const ruleOf = (rateClass: RateClass): RateRule => RATE_CLASSES[rateClass]

export const defaultRateLimits = (): RateLimits =>
  Object.fromEntries(
    RATE_CLASS_NAMES.map((name) => [name, RATE_CLASSES[name].perMinute]),
  ) as RateLimits
