import type { Scenario } from '../scenario.ts'
import { duplicates } from './duplicates.ts'
import { killPoints } from './kill-points.ts'
import { randomChaos } from './random-chaos.ts'
import { stoppedWorker } from './stopped-worker.ts'

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [killPoints, randomChaos, duplicates, stoppedWorker]
