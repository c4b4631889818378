const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** What the picture is made as. */
export const MEDIA = words(
  'photo shot painting watercolor sketch drawing illustration render poster cartoon comic anime manga engraving etching woodcut collage mosaic mural sculpture still art icon logo emblem sticker infographic print mockup asset wallpaper',
)

/** What is painted with, and what is drawn with: a picture of it is a painting, or a drawing. */
export const PAINTS = words('oil watercolor acrylic gouache')
export const PENS = words('pencil charcoal ink pastel crayon chalk')

/** Words that describe the picture itself, alone or in front of a medium. */
export const LOOKS = words(
  'black+white monochrome sepia cinematic vintage retro vector flat 3d digital',
)

/** What a thing in a picture has only because all of it has it: "a cartoon fox". The first are drawn. */
export const DRAWN_MANNERS = words('cartoon comic anime manga pixel isometric')
export const MANNERS = words(
  'lowpoly minimalist realistic photorealistic cubist surreal impressionist',
)

/** How the picture is framed. */
export const COMPOSITIONS = words(
  'close-up top-view aerial-view side-view front-view rear-view wide-angle full-body headshot low-angle high-angle portrait landscape panorama centered',
)

/** Nouns that say that what is in front of them is a manner: "in a flat style". */
export const STYLE_HEADS = words('style aesthetic manner technique look')

/** What is said of how a picture came about; the medium, where the verb names one. */
export const MAKERS: ReadonlyMap<string, string> = new Map([
  ['painted', 'painting'],
  ['drawn', 'drawing'],
  ['sketched', 'sketch'],
  ['illustrated', 'illustration'],
  ['rendered', 'render'],
  ['photographed', 'photo'],
  ...['done', 'made', 'designed', 'created', 'depicted', 'seen', 'viewed', 'shot'].map(
    (word) => [word, ''] as const,
  ),
])

/** Words that say nothing beside others: an oil painting is painted, a cartoon is drawn. */
export const IMPLIED: readonly [by: ReadonlySet<string>, implied: ReadonlySet<string>][] = [
  [PAINTS, words('painting')],
  [PENS, words('drawing sketch')],
  [DRAWN_MANNERS, words('drawing illustration')],
  [words('flat vector'), words('drawing illustration')],
  [words('photorealistic close-up'), words('photo')],
  [words('3d'), words('render')],
]

/** Nouns for the light of a picture. */
export const LIGHTS = words('light lighting glow illumination')

/** From where it is seen: as it is said, and the word that stands for it. */
export const VIEWS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'top-view': ['top', 'top down', 'overhead', 'above'],
    'aerial-view': ['aerial', "bird's eye", 'birds eye', 'drone'],
    'side-view': ['side'],
    'front-view': ['front'],
    'rear-view': ['rear', 'back', 'behind'],
    'low-angle': ['low', 'below'],
    'high-angle': ['high'],
    'wide-angle': ['wide'],
    'close-up': ['close-up'],
  }).flatMap(([view, said]) => said.map((words) => [words, view] as const)),
)

export const VIEW_HEADS: ReadonlySet<string> = new Set(['view', 'shot', 'angle', 'perspective'])
