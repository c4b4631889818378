/** Five colours as `#rrggbb`, dark to light, and the dark one that text is set on. */
export type Palette = { shades: string[]; accent: string; ink: string }

/** Lightness 0 to 1, chroma 0 to about 0.3, hue in degrees (OKLCH: equal steps look equal). */
type Colour = { l: number; c: number; h: number }

/** Colours named by the prompt, else a harmony round a random hue. `random` gives numbers from 0 to 1. */
export const createPalette = (prompt: string, random: () => number): Palette => {
  const [main, second] = findColours(prompt)
  const base = main ?? { l: 0.65, c: 0.14, h: FIRST_HUE + random() * HUES }
  const side = random() < 0.5 ? -1 : 1
  const other = second ?? { ...base, h: base.h + side * (24 + random() * 30) }
  const shades = steps.map(({ lightness, share }) => shadeOf(mix(base, other, share), lightness))
  const accent = second ?? {
    l: 0.85,
    c: Math.min(base.c, 0.11),
    h: base.h + side * (60 + random() * 60),
  }
  return {
    shades: shades.map(toHex),
    accent: toHex({ ...accent, l: Math.max(accent.l, 0.66) }),
    ink: toHex({ l: 0.16, c: Math.min(base.c, 0.05), h: coolTurn(base.h, 0.3) }),
  }
}

/** The darks belong to the first colour, the lights to the second: half-way mixes of far hues are mud. */
const steps = [
  { lightness: 0.25, share: 0 },
  { lightness: 0.4, share: 0.05 },
  { lightness: 0.56, share: 0.15 },
  { lightness: 0.72, share: 0.85 },
  { lightness: 0.88, share: 1 },
]

/**
 * Near the wanted lightness, yet leaning to the named colour's own: black stays dark, white stays light.
 * Shadows turn to violet, as a painter's do, and both ends lose chroma, which the screen could not show.
 */
const shadeOf = (named: Colour, lightness: number): Colour => {
  const l = lightness + (named.l - 0.62) * 0.5 * (named.c < 0.06 ? 1 : 0.5)
  const c = named.c * Math.max(0.4, 1 - 1.2 * Math.abs(l - 0.64))
  return { l, c, h: coolTurn(named.h, Math.max(0, 0.62 - l) * 0.75) }
}

const VIOLET = 285
const coolTurn = (hue: number, share: number): number => hue + turnBetween(hue, VIOLET) * share

/** From green through blue and violet to orange: without a wish for them, dark yellows look dirty. */
const FIRST_HUE = 150
const HUES = 260

/** The two first colour words, in the prompt's order. */
const findColours = (prompt: string): Colour[] =>
  (prompt.toLowerCase().match(/\p{L}+/gu) ?? [])
    .flatMap((word) => colourWords[word] ?? colourWords[word.replace(/(ish|en|s)$/, '')] ?? [])
    .filter((colour, place, all) => all.indexOf(colour) === place)
    .slice(0, 2)

const mix = (a: Colour, b: Colour, share: number): Colour => {
  const blend = (from: number, to: number) => from + (to - from) * share
  return { l: blend(a.l, b.l), c: blend(a.c, b.c), h: a.h + turnBetween(a.h, b.h) * share }
}

/** The shorter way round the circle, in degrees. */
const turnBetween = (from: number, to: number): number => ((((to - from) % 360) + 540) % 360) - 180

const colour = (l: number, c: number, h: number): Colour => ({ l, c, h })

const colourWords: Partial<Record<string, Colour>> = {
  red: colour(0.6, 0.22, 27),
  crimson: colour(0.54, 0.2, 20),
  scarlet: colour(0.6, 0.23, 30),
  coral: colour(0.72, 0.16, 32),
  orange: colour(0.74, 0.18, 58),
  amber: colour(0.78, 0.16, 75),
  gold: colour(0.79, 0.15, 85),
  yellow: colour(0.87, 0.18, 98),
  lime: colour(0.84, 0.2, 125),
  green: colour(0.62, 0.17, 146),
  olive: colour(0.58, 0.11, 110),
  emerald: colour(0.65, 0.15, 160),
  mint: colour(0.86, 0.09, 165),
  teal: colour(0.6, 0.11, 190),
  turquoise: colour(0.77, 0.12, 195),
  cyan: colour(0.8, 0.13, 205),
  azure: colour(0.72, 0.14, 240),
  blue: colour(0.56, 0.19, 258),
  navy: colour(0.36, 0.12, 262),
  indigo: colour(0.46, 0.19, 278),
  purple: colour(0.53, 0.2, 302),
  violet: colour(0.58, 0.2, 295),
  lavender: colour(0.8, 0.09, 297),
  lilac: colour(0.78, 0.1, 312),
  magenta: colour(0.63, 0.25, 330),
  pink: colour(0.78, 0.14, 355),
  rose: colour(0.68, 0.18, 8),
  peach: colour(0.84, 0.1, 55),
  brown: colour(0.48, 0.08, 55),
  beige: colour(0.86, 0.04, 80),
  cream: colour(0.93, 0.03, 90),
  white: colour(0.96, 0.01, 250),
  silver: colour(0.8, 0.01, 250),
  gray: colour(0.6, 0.015, 255),
  grey: colour(0.6, 0.015, 255),
  black: colour(0.26, 0.015, 265),
}

/** OKLCH to sRGB, clipped (bottosson.github.io/posts/oklab). */
const toHex = ({ l, c, h }: Colour): string => {
  const lightness = Math.min(0.98, Math.max(0.08, l))
  const a = c * Math.cos((h * Math.PI) / 180)
  const b = c * Math.sin((h * Math.PI) / 180)
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  const linear = [
    4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short,
  ]
  return `#${linear.map(toByteHex).join('')}`
}

const toByteHex = (linear: number): string => {
  const value = Math.min(1, Math.max(0, linear))
  const encoded = value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055
  return Math.round(encoded * 255)
    .toString(16)
    .padStart(2, '0')
}
