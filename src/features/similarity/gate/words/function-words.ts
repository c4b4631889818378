/** Words that say nothing of the picture. */
export const FILLERS: ReadonlySet<string> = new Set(
  'is are be being there that who which please'.split(' '),
)

export const ARTICLES: ReadonlySet<string> = new Set(['a', 'an', 'the', 'this', 'these', 'those'])

export const CONJUNCTIONS: ReadonlySet<string> = new Set(['and', 'but', '&', 'plus'])

/** Words that point to others by their order, or whose reach is not known: with one of them, order counts. */
export const ORDER_WORDS: ReadonlySet<string> = new Set(
  'it its he she him his her hers they them their theirs each other others another respectively former latter same both either neither nor or except instead only whose if then unless until vs versus opposite not never nobody nothing none hardly barely almost lacking'.split(
    ' ',
  ),
)

/** "Please create an image of": says nothing of the picture, not even that it is a photo. */
export const ASKING_FOR_IMAGE =
  /^\s*(?:please\s+)?(?:(?:can|could) you\s+)?(?:create|generate|make|produce)\s+(?:me\s+)?an?\s+(?:image|picture)\s+(?:of|showing)\s+/iu

/** What people say to a machine before they describe the picture. */
export const ASKING =
  /^\s*(?:please\s+)?(?:(?:can|could) you\s+)?(?:i (?:want|would like|need)|(?:create|generate|make|produce|give me|show me)(?: me)?)\s+(?=(?:an?|the)\s)/iu
