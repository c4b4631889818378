import type { IconName } from '../parts/icon.tsx'

export type Place = {
  path: string
  name: string
  icon: IconName
  isForAdmins?: boolean
  /** Other words for it. */
  words?: string
}

/** Where one can go. */
export const pages: Place[] = [
  { path: '/', name: 'Overview', icon: 'overview', words: 'home spend saved charts' },
  { path: '/playground', name: 'Playground', icon: 'playground', words: 'try' },
  { path: '/generations', name: 'Generations', icon: 'generations', words: 'requests list' },
  { path: '/gallery', name: 'Gallery', icon: 'gallery', words: 'images pictures' },
  { path: '/similarity', name: 'Similar prompts', icon: 'similar', words: 'reuse verdicts' },
  { path: '/owners', name: 'Owners', icon: 'owners', isForAdmins: true, words: 'users dearest' },
  { path: '/webhooks', name: 'Webhooks', icon: 'webhooks', words: 'deliveries endpoints' },
  { path: '/keys', name: 'Keys', icon: 'key', isForAdmins: true, words: 'api tokens secrets' },
  { path: '/spending', name: 'Spending', icon: 'coins', isForAdmins: true, words: 'budgets pause' },
  { path: '/alerts', name: 'Alerts', icon: 'alerts', isForAdmins: true, words: 'wrong firing' },
  { path: '/data', name: 'Your data', icon: 'download', words: 'export erase privacy' },
  { path: '/settings', name: 'Settings', icon: 'settings', isForAdmins: true, words: 'workers' },
]

/** What one may want to do, and where that is done. */
const actions: Place[] = [
  { path: '/playground', name: 'Make an image', icon: 'plus', words: 'new generate create' },
  {
    path: '/generations?status=failed%2Ccanceled',
    name: 'See what has no image',
    icon: 'warning',
    words: 'failed canceled errors retry',
  },
  {
    path: '/generations?status=queued%2Crunning',
    name: 'See what is under way',
    icon: 'clock',
    words: 'queued running waiting cancel',
  },
  { path: '/generations?sort=dearest', name: 'See what was dearest', icon: 'coins', words: 'cost' },
  {
    path: '/spending',
    name: 'Pause or resume paying',
    icon: 'stop',
    isForAdmins: true,
    words: 'stop spending',
  },
  {
    path: '/keys',
    name: 'Create or revoke a key',
    icon: 'key',
    isForAdmins: true,
    words: 'leaked',
  },
]

/** Those that have every word that was typed, in their names first; all pages while nothing is typed. */
export const findPlaces = (typed: string, isAdmin: boolean): Place[] => {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const open = (places: readonly Place[]) =>
    places.filter(({ isForAdmins }) => !isForAdmins || isAdmin)
  if (words.length === 0) return open(pages)
  const has = (text: string) => words.every((word) => ` ${text.toLowerCase()}`.includes(` ${word}`))
  const all = [...open(pages), ...open(actions)]
  const byName = all.filter(({ name }) => has(name))
  const byWords = all.filter(
    (place) => !byName.includes(place) && has(`${place.name} ${place.words ?? ''}`),
  )
  return [...byName, ...byWords].slice(0, MAX_PLACES)
}

const MAX_PLACES = 5
