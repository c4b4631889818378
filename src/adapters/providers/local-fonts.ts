import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Font } from 'satori'

/** The font files with the letters of `text`, from the package: no system font is needed. */
export const loadFonts = (text: string): Promise<Font[]> =>
  Promise.all(
    neededSubsets(text).flatMap((subset) => [loadFont(subset, 400), loadFont(subset, 700)]),
  )

/** The CSS list of the fonts that `loadFonts` gives for `text`. */
export const fontFamilyOf = (text: string): string => neededSubsets(text).map(fontName).join(', ')

const require = createRequire(import.meta.url)

const loadFont = async (subset: string, weight: 400 | 700): Promise<Font> => {
  const path = require.resolve(`@fontsource/inter/files/inter-${subset}-${weight}-normal.woff`)
  return { name: fontName(subset), weight, style: 'normal', data: await readFile(path) }
}

/** satori takes one font a name, so each subset goes by its own. */
const fontName = (subset: string): string => `Inter ${subset}`

const neededSubsets = (text: string): string[] => [
  'latin',
  ...subsets.filter(({ needed }) => needed.test(text)).map(({ name }) => name),
]

const subsets = [
  { name: 'latin-ext', needed: /[\u0100-\u02af\u1e00-\u1eff]/ },
  { name: 'vietnamese', needed: /[\u0102-\u01b0\u1ea0-\u1ef9]/ },
  { name: 'cyrillic', needed: /\p{Script=Cyrillic}/u },
  { name: 'greek', needed: /\p{Script=Greek}/u },
]
