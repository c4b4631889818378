import type { LaneStatus, ServerStatus, WorkerStatus } from '../../src/contract/server-status.ts'
import { formatCount, formatDuration } from '../parts/format.ts'
import { StatTile } from '../parts/stat-tile.tsx'
import { useResource } from '../use-resource.ts'

const REFRESH_MS = 5_000

/** What waits and who works at this moment; for operators. */
export const Now = () => {
  const { value: status } = useResource<ServerStatus>('/api/status', REFRESH_MS)
  if (!status) return null
  return (
    <section class="tiles" aria-label="Right now">
      {status.lanes.map((lane) => (
        <Lane key={lane.lane} {...lane} />
      ))}
      <Workers workers={status.workers.filter(({ isAlive }) => isAlive)} />
    </section>
  )
}

const Lane = ({ lane, queued, running, delayed, oldestQueuedMs }: LaneStatus) => (
  <StatTile
    name={`Queue now, ${lane}`}
    value={formatCount(queued + delayed)}
    hint={[
      `${formatCount(running)} running`,
      delayed > 0 && `${formatCount(delayed)} wait to try again`,
      queued > 0 && `the oldest waits ${formatDuration(oldestQueuedMs)}`,
    ]
      .filter(Boolean)
      .join(', ')}
  />
)

const Workers = ({ workers }: { workers: WorkerStatus[] }) => {
  const concurrency = workers.reduce((sum, worker) => sum + worker.concurrency, 0)
  const running = workers.reduce((sum, worker) => sum + worker.running, 0)
  const paused = workers.filter(({ breaker }) => breaker === 'open').length
  const isAmiss = workers.length === 0 || paused > 0
  return (
    <StatTile
      name="Workers alive"
      value={formatCount(workers.length)}
      tone={isAmiss ? 'bad' : undefined}
      hint={
        paused > 0
          ? `${paused} call no model for now, after outages`
          : `${running} of ${concurrency} places taken`
      }
    />
  )
}
