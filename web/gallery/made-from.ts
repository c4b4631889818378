import type { Image } from '../../src/client.ts'

/** The gallery's address with all that was made from the condition image of this digest. */
export const madeFromPath = (digest: string): string =>
  `/gallery?${new URLSearchParams({ conditionImage: digest })}`

export type Making = { name: string; images: Image[] }

/** Images by what was made of the condition image: each transformation, and each variant of it, by name. */
export const groupByMaking = (images: readonly Image[]): Making[] => {
  const groups = new Map<string, Image[]>()
  for (const image of images) {
    const name = nameMaking(image)
    groups.set(name, [...(groups.get(name) ?? []), image])
  }
  return [...groups]
    .map(([name, of]) => ({ name, images: of }))
    .sort((a, b) => a.name.localeCompare(b.name))
}

const nameMaking = ({ transformation, variant }: Image): string =>
  `${transformation === 'enhance' ? 'Enhanced' : 'Generated'}${variant ? `, variant “${variant}”` : ''}`
