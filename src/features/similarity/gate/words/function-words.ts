/** Words that say nothing of the picture. */
export const FILLERS: ReadonlySet<string> = new Set(
  "is are be being there that who which please that's who's everything".split(' '),
)

export const ARTICLES: ReadonlySet<string> = new Set([
  'a',
  'an',
  'the',
  'this',
  'these',
  'those',
  'my',
  'our',
])

/** Whose a thing is. */
export const POSSESSIVES: ReadonlySet<string> = new Set(['his', 'her', 'its', 'their'])

export const CONJUNCTIONS: ReadonlySet<string> = new Set(['and', 'but', '&', 'plus'])

/** Words that point to others by their order, or whose reach is not known: with one of them, order counts. */
export const ORDER_WORDS: ReadonlySet<string> = new Set(
  'it he she him hers they them theirs each other others another respectively former latter same both either neither nor or except instead only whose if then unless until vs versus opposite not never nobody nothing none hardly barely almost lacking'.split(
    ' ',
  ),
)

/** Words about texts and what to make of them, which no picture needs. */
export const METALANGUAGE: ReadonlySet<string> = new Set(
  'prompt prompts instruction instructions ignore disregard identical paraphrase paraphrases same equal equals equivalent difference differences judge checker verdict answer reuse system assistant = == treat override'.split(
    ' ',
  ),
)

const GREETING = '(?:(?:hi|hello|hey)(?: there)?[\\s,!.]+)'
const PLEASE = '(?:please[\\s,]+)'
const MAKE =
  '(?:(?:please |just )?(?:create|generate|make|produce|give|show|draw|design|imagine|picture|get|have|see)(?: (?:me|us))?)'
const WISH = `(?:(?:(?:can|could|would|will) (?:you|i|we)|i(?:'d| would| will)? (?:want|need|like|love)(?: you)?(?: to)?|i'm looking for|we need|let's|let us)(?: please)?(?: ${MAKE})?)`
const PICTURE =
  '(?:an? (?:new |nice )?(?:image|picture|pic|visual) (?:of|showing|that shows|depicting|with)\\s+)'

/** What people say to a machine before they describe the picture: "Please create an image of". It says not even that it is a photo. */
export const ASKING = new RegExp(
  `^\\s*${GREETING}?${PLEASE}?(?:(?:${WISH}|${MAKE})\\s+(?:${PICTURE}|what (?=.*would look like)|(?=(?:an?|the|my|our|some)\\s))|${PLEASE.slice(0, -1)}(?=.))?`.replace(
    `|${PLEASE.slice(0, -1)}(?=.)`,
    '',
  ),
  'iu',
)

/** And behind it. */
export const THANKS = /[\s,.!]*(?:,?\s*(?:please|thanks|thank you|would look like))+[\s.!?]*$/iu
