import type { Scenario } from '../scenario.ts'
import { batches } from './batches.ts'
import { deploys } from './deploys.ts'
import { duplicates } from './duplicates.ts'
import { interleavings } from './interleavings.ts'
import { killPoints } from './kill-points.ts'
import { postgres } from './postgres.ts'
import { provider } from './provider.ts'
import { randomChaos } from './random-chaos.ts'
import { redis } from './redis.ts'
import { rolling } from './rolling.ts'
import { spending } from './spending.ts'
import { stoppedWorker } from './stopped-worker.ts'
import { store } from './store.ts'

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [
  killPoints,
  randomChaos,
  duplicates,
  stoppedWorker,
  batches,
  provider,
  redis,
  postgres,
  store,
  rolling,
  interleavings,
  spending,
  deploys,
]
