import type { Alerts } from '../../src/contract/alert.ts'
import { useResource } from '../use-resource.ts'

const REFRESH_MS = 10_000

/** How many alerts fire, beside the link to them; nothing when none does. */
export const FiringCount = () => {
  const { value } = useResource<Alerts>('/api/alerts', REFRESH_MS)
  const count = value?.alerts.filter(({ state }) => state === 'firing').length ?? 0
  if (count === 0) return null
  return (
    <span class="firing-count">
      {count}
      <span class="visually-hidden"> firing</span>
    </span>
  )
}
