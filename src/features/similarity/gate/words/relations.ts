/** Relations that say the same from the other end: "a below b" is "b above a". */
export const INVERSES: ReadonlyMap<string, string> = new Map([
  ['below', 'above'],
  ['right-of', 'left-of'],
  ['behind', 'front-of'],
  ['under', 'over'],
  ['smaller than', 'larger than'],
  ['shorter than', 'taller than'],
  ['younger than', 'older than'],
  ['lower than', 'higher than'],
  ['slower than', 'faster than'],
  ['lighter than', 'heavier than'],
  ['narrower than', 'wider than'],
])

/** Relations that are the same from both ends. */
export const SYMMETRIC: ReadonlySet<string> = new Set(['beside'])

/** Words that put what follows in relation to what went before. */
export const RELATIONS: ReadonlySet<string> = new Set(
  'of with wearing against over under inside on at by beside above below behind front-of left-of right-of outside between among around across along through to from into onto off out-of up down past toward towards during after as like for than covered-with away-from far-from facing says about via per'.split(
    ' ',
  ),
)

/** What holds or measures other things: "a cup of coffee" is one thing. */
export const MEASURES: ReadonlySet<string> = new Set(
  'cup mug glass glasses bowl bottle plate pot jar basket'.split(' '),
)

/** What is made of others, so that those alone say which: "a field of sunflowers" is a sunflower field. */
export const COLLECTIONS: ReadonlySet<string> = new Set(
  'piece slice pile bunch bouquet field flock herd group row stack wreath'.split(' '),
)

export const COMPARATIVES: ReadonlySet<string> = new Set(
  [...INVERSES].flat().flatMap((relation) => {
    const [word, than] = relation.split(' ')
    return word !== undefined && than !== undefined ? [word] : []
  }),
)

/** Words in -ing that are names of things. */
export const ING_NOUNS: ReadonlySet<string> = new Set(
  'painting drawing building ceiling morning evening wedding clothing lightning railing engraving etching earring crossing landing lighting setting pudding herring duckling sapling sibling viking sterling icing living dining'.split(
    ' ',
  ),
)

/** Participles that do not end in -ed, with the stem that their form in -ing has. */
export const PARTICIPLES: ReadonlyMap<string, string> = new Map([
  ['held', 'hold'],
  ['ridden', 'ride'],
  ['eaten', 'eat'],
  ['fought', 'fight'],
  ['built', 'build'],
  ['led', 'lead'],
  ['driven', 'drive'],
  ['drawn', 'draw'],
  ['caught', 'catch'],
  ['bitten', 'bite'],
  ['thrown', 'throw'],
  ['fed', 'feed'],
  ['worn', 'with'],
  ['lit', 'light'],
  ['made', 'make'],
])

/** Words in -s, and nouns behind such, that are no verbs: "a sports car". */
export const NO_VERBS: ReadonlySet<string> = new Set(
  'sports goods sales clothes arts games glasses sunglasses jeans pants shorts news lens canvas series species full open'.split(
    ' ',
  ),
)

/** What there is of a thing besides the thing itself: the modern interior of a kitchen is that of a modern kitchen. */
export const ASPECTS: ReadonlySet<string> = new Set(['interior', 'exterior', 'facade', 'skyline'])
