/** How much is measured: enough rounds for a median that noise does not move, or a quick look. */
export type Plan = {
  rounds: number
  secondsPerRound: number
  starts: number
  /** Measure nothing but the comparisons with this word in their name. */
  only?: string | undefined
}

const FULL: Plan = { rounds: 5, secondsPerRound: 4, starts: 5 }
const QUICK: Plan = { rounds: 3, secondsPerRound: 1, starts: 1 }

export const parsePlan = (args: string[]): Plan => ({
  ...(args.includes('--quick') ? QUICK : FULL),
  only: args.find((arg) => arg.startsWith('--only='))?.slice('--only='.length),
})
