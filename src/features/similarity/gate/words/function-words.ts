/** Words that say nothing of the picture. */
export const FILLERS: ReadonlySet<string> = new Set(
  'is are be being there that who which please'.split(' '),
)

export const ARTICLES: ReadonlySet<string> = new Set(['a', 'an', 'the', 'this', 'these', 'those'])

/** Whose a thing is. */
export const POSSESSIVES: ReadonlySet<string> = new Set(['his', 'her', 'its', 'their'])

export const CONJUNCTIONS: ReadonlySet<string> = new Set(['and', 'but', '&', 'plus'])

/** Words that point to others by their order, or whose reach is not known: with one of them, order counts. */
export const ORDER_WORDS: ReadonlySet<string> = new Set(
  'it he she him hers they them theirs each other others another respectively former latter same both either neither nor or except instead only whose if then unless until vs versus opposite not never nobody nothing none hardly barely almost lacking'.split(
    ' ',
  ),
)

/** What people say to a machine before they describe the picture: "Please create an image of". It says not even that it is a photo. */
export const ASKING =
  /^\s*(?:please\s+)?(?:(?:can|could) you\s+)?(?:i(?: want| need| would like|'d like)|(?:create|generate|make|produce|give|show)(?: me)?)\s+(?:an?\s+(?:image|picture)\s+(?:of|showing)\s+|(?=(?:an?|the)\s))/iu
