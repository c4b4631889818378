/** Words of one meaning in a description of a picture: the first of a line stands for the others. */
const LINES = `
bicycle: bike
car: automobile, auto
airplane: plane
photo: photograph, photography, picture, image, pic
film: movie
sofa: couch
small: little
large: big
huge: enormous
beautiful: gorgeous, lovely
kid: child
kids: children
baby: infant
forest: woods
sea: ocean
autumn: fall
dawn: sunrise
metro: subway
talk: speak
talking: speaking
firefighter: fireman
minimalist: minimal, minimalistic
old: elderly
wood: wooden
night: nighttime
gray: grey
colorful: multicolored
cozy: cosy
jewelry: jewellery
cafe: café
facade: façade
monochrome: greyscale, grayscale
several: some
cook: chef
sleeping: asleep
man: guy
render: rendering
christmas: xmas
doughnut: donut
foot: ft
rabbit: bunny
`

/** Several words that mean what one does; the canonical word is made up where English has none. */
const PHRASES = `
close-up: close up, closeup, macro
full-body: full body, full length
headshot: head shot
tshirt: t shirt
many: a lot of, lots of, plenty of
2: a couple of
12: a dozen
a-few: a few
big cat: big cat
big cats: big cats
big wheel: big wheel
big top: big top
little owl: little owl
kid goat: kid goat
front-of: in front of
behind: in back of
beside: next to, close to, alongside, adjacent to, near, at the side of
on: on top of, upon, atop
under: beneath, underneath
inside: in, within
outside: outside of
out-of: out of
away-from: away from
far-from: far from
with: having, has
wearing: wears, dressed in
not-wearing: not wearing, not wearing any
without: without any, not having
says: saying, with the text, with the words, labeled, labelled
filled with: full of
lowpoly: low poly
3d: 3 d
golden-hour: golden hour
oil painting: oil on canvas
@on-it: on it
@in-it: in it, inside it
covered-with: covered in, covered by, covered with
larger than: bigger than
`

const readLines = (lines: string): [canonical: string, others: string[]][] =>
  lines
    .trim()
    .split('\n')
    .map((line) => {
      const [canonical = '', others = ''] = line.split(': ')
      return [canonical, others.split(', ')]
    })

/** From the words as they are written, in lower case and joined by spaces, to the words that stand for them. */
export const SYNONYMS: ReadonlyMap<string, readonly string[]> = new Map(
  [...readLines(LINES), ...readLines(PHRASES)].flatMap(([canonical, others]) =>
    others.map((other) => [other, canonical.split(' ')] as const),
  ),
)

/** The longest phrase above, in words. */
export const MAX_PHRASE_WORDS = 5
