import type { Scenario } from '../scenario.ts'
import { killPoints } from './kill-points.ts'
import { provider } from './provider.ts'
import { rolling } from './rolling.ts'

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [killPoints, provider, rolling]
