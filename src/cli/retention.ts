import type { Config } from '../app/config.ts'
import { retentionDeps } from '../app/feature-deps.ts'
import { applyRetention } from '../features/retention/apply-retention.ts'
import type { KeptDays } from '../features/retention/statements.ts'
import { withResources } from './with-resources.ts'

const words: Record<keyof KeptDays, string> = {
  events: 'events',
  calls: 'records of paid calls',
  failed: 'generations that failed or were canceled',
  prompts: 'prompts, to be reduced to digests',
  comparisons: 'comparisons of prompts',
  unusedImages: 'images without an access',
  history: 'figures by owner',
}

/** Prints what of each kind is older than its setting keeps it, and removes it where told to. Throws `StartError`. */
export const runRetention = (config: Config, { apply }: { apply: boolean }): Promise<void> =>
  withResources(config, async (resources, logger) => {
    const deps = retentionDeps(config, resources, logger)
    const report = await applyRetention(deps, { isApplied: apply })
    for (const kind of Object.keys(words) as (keyof KeptDays)[]) {
      const days = deps.keptDays[kind]
      const due = days === undefined ? 'kept for ever' : `${report[kind] ?? 0} older than ${days} d`
      console.log(`${words[kind].padEnd(42)}${due}`)
    }
    console.log(apply ? '\nThese were removed.' : '\nNothing was changed. With --apply it is.')
  })
