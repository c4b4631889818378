import { toMoments } from '../find/when.ts'

/** Which images the gallery shows, as the address has it; an empty string is "any". */
export type GalleryFilter = {
  q: string
  type: string
  conditionImage: string
  from: string
  to: string
  model: string
  source: string
  minCostUsd: string
  owner: string
  sort: string
}

const EMPTY: GalleryFilter = {
  q: '',
  type: '',
  conditionImage: '',
  from: '',
  to: '',
  model: '',
  source: '',
  minCostUsd: '',
  owner: '',
  sort: '',
}

const names = Object.keys(EMPTY) as (keyof GalleryFilter)[]
const PAGE_SIZE = 48

export const parseGalleryFilter = (query: Record<string, string>): GalleryFilter =>
  Object.fromEntries(names.map((name) => [name, query[name] ?? ''])) as GalleryFilter

/** The page's own address with a filter, at its beginning. */
export const formatGalleryFilter = (filter: GalleryFilter): string => {
  const given = names.filter((name) => filter[name])
  const query = new URLSearchParams(given.map((name) => [name, filter[name]]))
  return given.length > 0 ? `/gallery?${query}` : '/gallery'
}

/** What is asked of the API. */
export const imagesPath = (filter: GalleryFilter): string =>
  toPath({ ...filter, limit: String(PAGE_SIZE) })

/** What says how many there are in all. */
export const imageCountPath = (filter: GalleryFilter): string =>
  toPath({ ...filter, sort: '', limit: '1', count: 'true' })

const toPath = (filter: GalleryFilter & Record<string, string>): string => {
  const given = Object.entries({ ...filter, ...toMoments(filter) }).filter(([, value]) => value)
  return `/api/images?${new URLSearchParams(given)}`
}
