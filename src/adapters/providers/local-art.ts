import type { Palette } from './local-palette.ts'

/** Width and height in drawing units; the long edge is 1024 whatever the picture's size in pixels. */
export type Frame = { width: number; height: number }

/** An abstract landscape, as SVG elements that fill the frame. `random` gives numbers from 0 to 1. */
export const drawArt = (frame: Frame, palette: Palette, random: () => number): string => {
  const scene = scenes[Math.floor(random() * scenes.length)] ?? drawDunes
  return drawSky(frame, palette, random) + scene(frame, palette, random)
}

type Scene = (frame: Frame, palette: Palette, random: () => number) => string

const LONG_EDGE = 1024
const at = (list: readonly string[], place: number): string =>
  list[Math.max(0, Math.min(list.length - 1, Math.round(place)))] ?? '#888888'
const round = (n: number): number => Math.round(n * 10) / 10

/** A vertical gradient with soft lights in it. Radial gradients, as a blur costs half a second. */
const drawSky: Scene = ({ width, height }, { shades, accent }, random) => {
  const lights = [at(shades, 4), accent, at(shades, 3)].map((colour, index) => {
    const x = round(width * random())
    const y = round(height * 0.7 * random())
    const r = round(LONG_EDGE * (0.35 + random() * 0.3))
    return `<radialGradient id="light${index}" gradientUnits="userSpaceOnUse" cx="${x}" cy="${y}" r="${r}">
<stop offset="0" stop-color="${colour}" stop-opacity=".75"/><stop offset="1" stop-color="${colour}" stop-opacity="0"/></radialGradient>`
  })
  const fill = (id: string) => `<rect width="${width}" height="${height}" fill="url(#${id})"/>`
  return `<defs><linearGradient id="sky" x2="0" y2="1"><stop offset="0" stop-color="${at(shades, 1)}"/>
<stop offset=".55" stop-color="${at(shades, 3)}"/><stop offset="1" stop-color="${at(shades, 4)}"/></linearGradient>${lights.join('')}</defs>
${fill('sky')}${fill('light0')}${fill('light1')}${fill('light2')}`
}

/** Layered hills under a low sun. */
const drawDunes: Scene = (frame, { shades, accent }, random) => {
  const { width, height } = frame
  const sunR = LONG_EDGE * (0.07 + random() * 0.06)
  const x = round(width * (0.2 + random() * 0.6))
  const y = round(height * (0.22 + random() * 0.14))
  const layers = 6
  const hills = Array.from({ length: layers }, (_, layer) => {
    const top = height * (0.4 + (0.5 * layer) / layers)
    const swing = height * (0.07 + random() * 0.06)
    const path = `${waveOf(frame, top, swing, random)}L${width} ${height}L0 ${height}Z`
    return `<path d="${path}" fill="${at(shades, 3.4 - layer * 0.7)}" fill-opacity=".86"/>`
  })
  return `<circle cx="${x}" cy="${y}" r="${round(sunR * 2.1)}" fill="${at(shades, 4)}" fill-opacity=".14"/>
<circle cx="${x}" cy="${y}" r="${round(sunR * 1.5)}" fill="${at(shades, 4)}" fill-opacity=".2"/>
<circle cx="${x}" cy="${y}" r="${round(sunR)}" fill="${accent}" fill-opacity=".95"/>${hills.join('')}`
}

/** A veil of fine threads, strung between two curves over a dark swell. */
const drawThreads: Scene = (frame, { shades, accent }, random) => {
  const { width, height } = frame
  const upper = Array.from({ length: 4 }, () => height * (0.02 + random() * 0.5))
  const lower = Array.from({ length: 4 }, () => height * (0.3 + random() * 0.55))
  const threads = 64
  const paths = Array.from({ length: threads }, (_, thread) => {
    const share = thread / (threads - 1)
    const [y0, y1, y2, y3] = upper.map((y, point) => round(y + ((lower[point] ?? y) - y) * share))
    const colour = thread % 13 === 6 ? accent : at(shades, 4.4 - share * 2.4)
    return `<path d="M-10 ${y0}C${round(width * 0.36)} ${y1} ${round(width * 0.64)} ${y2} ${width + 10} ${y3}" fill="none" stroke="${colour}" stroke-opacity="${round(0.9 - share * 0.4)}" stroke-width="${round(1.2 + 3.2 * (1 - share))}"/>`
  })
  const swells = [0.5, 0.66, 0.8].map((top, layer) => {
    const line = waveOf(frame, height * top, height * 0.06, random)
    return `<path d="${line}L${width} ${height}L0 ${height}Z" fill="${at(shades, 2 - layer)}" fill-opacity=".8"/>`
  })
  return swells.join('') + paths.join('')
}

/** Translucent discs and the rings round one of them. */
const drawOrbs: Scene = ({ width, height }, { shades, accent }, random) => {
  const cx = round(width * (0.3 + random() * 0.4))
  const cy = round(height * (0.28 + random() * 0.16))
  const r = Math.min(width, height) * (0.2 + random() * 0.07)
  const rings = Array.from({ length: 7 }, (_, ring) => {
    const ringR = round(r * (1.28 + ring * 0.34))
    const turn = round(random() * 360)
    const dash = round(ringR * (1.2 + random() * 3))
    return `<circle cx="${cx}" cy="${cy}" r="${ringR}" fill="none" stroke="${ring % 3 === 1 ? accent : at(shades, 4)}" stroke-opacity="${round(0.8 - ring * 0.08)}" stroke-width="${round(2 + random() * 7)}" stroke-linecap="round" stroke-dasharray="${dash} ${round(ringR * 1.6)}" transform="rotate(${turn} ${cx} ${cy})"/>`
  })
  const discs = Array.from({ length: 9 }, (_, disc) => {
    const size = round(r * (0.14 + random() * 0.5))
    return `<circle cx="${round(width * random())}" cy="${round(height * random() * 0.85)}" r="${size}" fill="${disc % 4 === 0 ? accent : at(shades, disc % 5)}" fill-opacity="${round(0.25 + random() * 0.4)}"/>`
  })
  return `<defs><linearGradient id="orb" x2=".7" y2="1"><stop offset="0" stop-color="${accent}"/><stop offset=".55" stop-color="${at(shades, 3)}"/>
<stop offset="1" stop-color="${at(shades, 1)}"/></linearGradient></defs>
${discs.join('')}${rings.join('')}<circle cx="${cx}" cy="${cy}" r="${round(r)}" fill="url(#orb)"/>`
}

const scenes: readonly Scene[] = [drawDunes, drawThreads, drawOrbs]

/** A smooth line from the left edge to the right, round the height `top`. */
const waveOf = ({ width }: Frame, top: number, swing: number, random: () => number): string => {
  const crests = 3 + Math.floor(random() * 2)
  const step = width / crests
  const phase = random() < 0.5 ? 1 : -1
  const heights = Array.from({ length: crests + 1 }, (_, crest) =>
    round(top + swing * phase * (crest % 2 ? 1 : -1) * (0.4 + random() * 0.6)),
  )
  return heights
    .map((y, crest) => {
      if (crest === 0) return `M0 ${y}`
      const x = step * crest
      const before = heights[crest - 1] ?? y
      return `C${round(x - step / 2)} ${before} ${round(x - step / 2)} ${y} ${round(x)} ${y}`
    })
    .join('')
}
