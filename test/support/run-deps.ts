import { join } from 'node:path'
import type { Database } from '../../db/database.ts'
import { createInspectImage } from '../../src/adapters/images/inspect.ts'
import { createFilesystemStore } from '../../src/adapters/storage/filesystem.ts'
import { createSpool } from '../../src/adapters/storage/spool.ts'
import { createFlexLane } from '../../src/generation/run/flex-lane.ts'
import type { RunDeps } from '../../src/generation/run/run-deps.ts'
import { NO_BUDGETS } from './budgets.ts'
import { aSeal } from './seal.ts'
import { GIVE_UP_MS } from './standings.ts'

/** What running a generation takes but its providers, on a database and a folder. */
export const createRunDeps = ({
  db,
  folder,
}: {
  db: Database
  folder: string
}): Omit<RunDeps, 'providers'> => ({
  db,
  seal: aSeal,
  store: createFilesystemStore({ directory: join(folder, 'images') }),
  spool: createSpool({ directory: join(folder, 'spool') }),
  inspect: createInspectImage({ maxBytes: 1_000_000, maxPixels: 1_000_000 }),
  compare: undefined,
  workerId: 'w1',
  leaseMs: 60_000,
  retryBackoffMs: 1,
  callMs: 0,
  giveUpMs: GIVE_UP_MS,
  budgets: NO_BUDGETS,
  tiers: { eager: 'standard', bounds: {}, standardCallMs: 0 },
  flex: createFlexLane(1),
  breaker: (_subject, call) => call(false),
  stopping: new AbortController().signal,
  shutdown: new AbortController().signal,
  subscribe: () => () => {},
  onTrouble: () => {},
  logger: { debug: () => {}, info: () => {} },
  onStep: [],
  onRun: () => {},
  onReuse: () => {},
})
