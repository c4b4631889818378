/** Words of one meaning in a description of a picture: the first of a line stands for the others. */
const LINES = `
bicycle: bike, pushbike
car: automobile, auto
airplane: plane, aeroplane, aircraft
photo: photograph, photography, picture, image, pic
film: movie
sofa: couch
small: little
large: big
huge: enormous, gigantic
beautiful: gorgeous, lovely
kid: child
kids: children
baby: infant
rabbit: bunny
rabbits: bunnies
forest: woods
sea: ocean
autumn: fall
dawn: sunrise, daybreak
metro: subway
talk: speak
talking: speaking
firefighter: fireman
minimalist: minimal
gray: grey
colorful: colourful, multicolored, multicoloured
color: colour
harbor: harbour
cozy: cosy
jewelry: jewellery
watercolor: watercolour, aquarelle
center: centre
theater: theatre
neighborhood: neighbourhood
centered: centred
cafe: café
cafes: cafés
facade: façade
monochrome: greyscale, grayscale
several: some
picnic: picknick
cook: chef
sleeping: asleep
guy: man
photorealistic: photo-realistic
render: rendering
`

/** Several words that mean what one does; the canonical word is made up where English has none. */
const PHRASES = `
close-up: close up, closeup, macro shot, macro photo, macro
top-view: top view, top down view, view from above, from above, overhead view, overhead shot
aerial-view: aerial view, aerial shot, bird's eye view, birds eye view, drone shot
side-view: side view, from the side
front-view: front view, from the front
rear-view: rear view, back view, from behind
wide-angle: wide angle, wide shot, wide view, wide angle shot
full-body: full body, full length
headshot: head shot
low-angle: low angle, from below
pixel-art: pixel art
3d-render: 3d render, 3d rendering
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
left-of: to the left of, on the left of, left of, on the left side of
right-of: to the right of, on the right of, right of, on the right side of
beside: next to, close to, alongside, adjacent to, near, at the side of
on: on top of, upon, atop
under: beneath, underneath
inside: in, within
outside: outside of
out-of: out of
away-from: away from
far-from: far from
@left: on the left, to the left, on the left side, at the left
@right: on the right, to the right, on the right side, at the right
@top: at the top
@bottom: at the bottom
@background: in the background, in background
@foreground: in the foreground, in foreground
@center: in the center, in the middle, in the centre
with: that has, which has, who has, having, has
wearing: that wears, who wears, dressed in
not-wearing: not wearing, not wearing any
without: without any, not having
says: that says, saying, that reads, which says, which reads, with the text, with the words, labeled, labelled
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
