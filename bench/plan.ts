/** How much is measured: enough rounds for a median that noise does not move, or a quick look. */
export type Plan = {
  rounds: number
  /** How many in each round, and before the first. */
  requests: number
  warmUpRequests: number
  starts: number
  /** How long a history the analytics read. */
  analyticsEvents: number
  /** Among how many prompts of others neighbours are looked for. */
  otherPrompts: number
  /** Beside how many generations what is done most is counted. */
  rows: number
  /** True where what is counted is what `npm test` expects from now on. */
  isUpdate: boolean
  /** How many streams are followed at once, one measurement each. */
  streams: number[]
  /** Measure nothing but what has this word in its name. */
  only?: string | undefined
  /** Print what was measured as one line of JSON besides. */
  isJson: boolean
}

const FULL: Omit<Plan, 'isJson' | 'isUpdate'> = {
  rounds: 6,
  requests: 10_000,
  warmUpRequests: 5_000,
  starts: 5,
  analyticsEvents: 1_000_000,
  otherPrompts: 100_000,
  rows: 1_000_000,
  streams: [2_000, 5_000, 10_000],
}
const QUICK: typeof FULL = {
  rounds: 2,
  requests: 3_000,
  warmUpRequests: 3_000,
  starts: 1,
  analyticsEvents: 100_000,
  otherPrompts: 20_000,
  rows: 100_000,
  streams: [2_000],
}

export const parsePlan = (args: string[]): Plan => {
  const findValue = (name: string) =>
    args.find((arg) => arg.startsWith(`--${name}=`))?.slice(`--${name}=`.length)
  const plan = args.includes('--quick') ? QUICK : FULL
  const analyticsEvents = Number(findValue('events') ?? plan.analyticsEvents)
  const rows = Number(findValue('rows') ?? plan.rows)
  const streams = findValue('streams')?.split(',').map(Number) ?? plan.streams
  return {
    ...{ ...plan, analyticsEvents, rows, streams, only: findValue('only') },
    isUpdate: args.includes('--update'),
    isJson: args.includes('--json'),
  }
}
