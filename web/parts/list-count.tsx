import { useResource } from '../use-resource.ts'
import { formatCount } from './format.ts'

const REFRESH_MS = 10_000

type Counted = { count?: number; isCountCut?: boolean }

/** How many there are in all of what is listed, as the API counts them at `path`. */
export const ListCount = ({ path, one, many }: { path: string; one: string; many: string }) => {
  const { value } = useResource<Counted>(path, REFRESH_MS)
  const { count, isCountCut } = value ?? {}
  return (
    <span role="status">
      {count !== undefined &&
        `${isCountCut ? 'more than ' : ''}${formatCount(count)} ${count === 1 ? one : many}`}
    </span>
  )
}
