import type { ComponentChildren } from 'preact'
import type { Generation } from '../../src/client.ts'
import type { Found } from '../../src/contract/find.ts'
import { thumbnailUrl } from '../gallery/thumbnails.ts'
import { StatusBadge } from '../parts/badge.tsx'
import { formatUsd } from '../parts/format.ts'
import { Icon, type IconName } from '../parts/icon.tsx'
import { Picture } from '../parts/picture.tsx'
import { Time } from '../parts/time.tsx'
import { findPlaces } from './places.ts'
import { splitTime } from './when.ts'

/** What can be chosen, and where it leads. */
export type Choice = { key: string; group: string; path: string; body: ComponentChildren }

const THUMBNAIL_PX = 160

/** Everything that fits what is typed, in the order of the groups that it is shown in. */
export const listChoices = (
  typed: string,
  found: Found | undefined,
  isAdmin: boolean,
): Choice[] => {
  const { text, days } = splitTime(typed)
  const places = days.from ? [] : findPlaces(text, isAdmin)
  return [
    ...(found?.generations ?? []).map(toGeneration),
    ...(found?.owners ?? []).map((owner) =>
      plain('Owners', 'owners', owner, `/generations?${new URLSearchParams({ owner })}`),
    ),
    ...(found?.errors ?? []).map((errorCode) =>
      plain('Errors', 'warning', errorCode, `/generations?${new URLSearchParams({ errorCode })}`),
    ),
    ...places.map(({ name, icon, path }) =>
      plain(text ? 'Pages and actions' : 'Pages', icon, name, path),
    ),
    ...(typed.trim() ? searches(text, days) : []),
  ]
}

const plain = (group: string, icon: IconName, name: string, path: string): Choice => ({
  key: `${group} ${name}`,
  group,
  path,
  body: (
    <>
      <span class="found-icon">
        <Icon name={icon} />
      </span>
      <span class="found-name">{name}</span>
    </>
  ),
})

const searches = (q: string, days: { from: string; to: string }): Choice[] => {
  const given = Object.entries({ q, ...days }).filter(([, value]) => value)
  const query = new URLSearchParams(given)
  const what = q ? `“${q}”` : 'that time'
  return [
    plain('Search', 'generations', `All generations of ${what}`, `/generations?${query}`),
    plain('Search', 'gallery', `Your gallery for ${what}`, `/gallery?${query}`),
  ]
}

const toGeneration = (row: Generation): Choice => ({
  key: row.id,
  group: 'Images and generations',
  path: row.status === 'succeeded' ? `/receipts/${row.id}` : `/generations/${row.id}`,
  body: (
    <>
      {row.status === 'succeeded' ? (
        <Picture
          src={thumbnailUrl(row.imageUrl, THUMBNAIL_PX)}
          alt=""
          thumbhash={row.thumbhash}
          aspectRatio="1 / 1"
        />
      ) : (
        <span class="found-icon">
          <Icon name="image" />
        </span>
      )}
      <span class="found-name">
        <span class="found-prompt">{row.prompt}</span>
        <span class="found-facts">
          {row.status !== 'succeeded' && <StatusBadge status={row.status} />}
          <Time at={row.createdAt} />
          {row.costUsd !== undefined && <span>{formatUsd(row.costUsd)}</span>}
          {row.ownerId && <span>{row.ownerId}</span>}
        </span>
      </span>
    </>
  ),
})
