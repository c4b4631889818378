import {
  DRAWN_MANNERS,
  IMPLIED,
  LOOKS,
  MANNERS,
  MEDIA,
  PAINTS,
  PENS,
  STYLE_HEADS,
  VIEW_HEADS,
} from './words/attributes.ts'

/** Whether a word by itself says how a picture is made, wherever it stands. */
export const isAttribute = (word: string): boolean =>
  MEDIA.has(word) || PAINTS.has(word) || PENS.has(word) || LOOKS.has(word) || isManner(word)

/** Whether a thing has this only because all of the picture has it. */
export const isManner = (word: string): boolean =>
  MANNERS.has(word) || DRAWN_MANNERS.has(word) || /.(?:punk|wave|core|esque|ian|ese)$/.test(word)

/** What a picture is, as a set: without heads like "style", and without what another of the words says already. */
export const attributeSet = (words: readonly string[]): string[] => {
  const said = new Set(
    words.map(asSaid).filter((word) => !STYLE_HEADS.has(word) && !VIEW_HEADS.has(word)),
  )
  for (const [by, implied] of IMPLIED) {
    if ([...by].some((word) => said.has(word))) for (const word of implied) said.delete(word)
  }
  // What is pixel art, line art or concept art is that, and "art" says no more of it.
  if (said.size > 1) said.delete('art')
  return [...said].sort()
}

const asSaid = (word: string): string => {
  if (word === 'shot') return 'photo'
  const single = word.replace(/s$/, '')
  return isAttribute(single) ? single : word
}
