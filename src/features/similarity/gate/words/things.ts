/** Where a whole group can be: "a cup and a plate on a table" says the same in the other order. */
export const PLACES: ReadonlySet<string> = new Set(
  'garden park kitchen room bedroom bathroom office street road square market forest field meadow beach desert city town village table sofa bench bed floor desk shelf hill mountain island lake river sea sky stage plate tray counter grass lawn snow sand rug carpet terrace balcony pool farm castle library cafe restaurant bar classroom studio orchard corner church school museum jungle station alley shop harbor'.split(
    ' ',
  ),
)

/** What people are in: "in a coat" is "with a coat". A kitten in a hat is another picture than one with a hat. */
export const GARMENTS: ReadonlySet<string> = new Set(
  'dress suit coat raincoat jacket shirt tshirt skirt uniform costume sweater gown robe kimono apron armor swimsuit tuxedo jeans hoodie'.split(
    ' ',
  ),
)

/** What people wear when they are said to be with it. */
export const WORN: ReadonlySet<string> = new Set([
  ...GARMENTS,
  ...'hat cap scarf glasses sunglasses tie crown helmet gloves necklace earring turban veil'.split(
    ' ',
  ),
])

/** What things are against or by, when they are in front of it or beside it. */
export const BACKDROPS: ReadonlySet<string> = new Set(
  'wall background backdrop sky window curtain fence mountain door fireplace'.split(' '),
)

/** What all of a picture is under. */
export const SKIES: ReadonlySet<string> = new Set(['sky', 'moon', 'star', 'sun', 'cloud'])

/** Times and weather: those of the whole picture when only one is named. */
const SETTINGS = [
  'golden-hour night day dawn dusk twilight sunset noon midday midnight morning afternoon evening',
  'spring summer autumn winter',
  'rain fog mist snow storm sunshine',
].map((words) => words.split(' '))

export const TIMES: ReadonlySet<string> = new Set(SETTINGS.flat())

/** Words of the same kind of setting: times of day, seasons, weather. */
export const findSettingKind = (word: string): readonly string[] | undefined =>
  SETTINGS.find((words) => words.includes(word))

/** "rainy", "foggy": the weather that they are of. */
export const weatherOf = (word: string): string | undefined => {
  const noun = /^([a-z]{3,})y$/.exec(word)?.[1]?.replace(/(.)\1$/, '$1')
  return noun !== undefined && (SETTINGS[2] ?? []).includes(noun) ? noun : undefined
}

/** Words that are a name when they have a capital inside a sentence, and a thing otherwise. */
export const HOMOGRAPHS: ReadonlySet<string> = new Set(
  'apple turkey china jaguar amazon polish mercury orange shell java jordan chile rose lily daisy iris olive ruby amber violet mustang beetle puma caterpillar oracle windows meta target gap dove subway sprite corona tesla polo may march august will mark bill rich frank hunter mars nice reading bath hull cork cars'.split(
    ' ',
  ),
)

/** Articles and numbers of other languages. */
export const FOREIGN_DETERMINERS: ReadonlySet<string> = new Set(
  'der das ein eine einen zwei drei la le les un une deux trois el los las una unos dos tres il gli uno een het twee um uma dois'.split(
    ' ',
  ),
)

/** Words of other languages, none of them English: what holds one is not read by English rules. */
export const FOREIGN: ReadonlySet<string> = new Set([
  ...FOREIGN_DETERMINERS,
  ...'dem den des einem einer eines und mit ohne auf unter vor im du et avec sans sur dans con sin en del y di senza su ed och med utan van zonder met com sem'.split(
    ' ',
  ),
])
