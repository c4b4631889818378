import { createHash } from 'node:crypto'
import type { Sharp } from 'sharp'
import { MAX_IMAGE_PIXELS } from '../../contract/limits.ts'
import type { ProviderRequest, StoredImage } from '../../generation/ports.ts'
import { loadSharp } from '../../lib/images.ts'
import { drawLettering } from './local-lettering.ts'

const NOTE = 'local renderer · no model was called'

/** Width and height in drawing units; the long edge is 1024 whatever the picture's size in pixels. */
type Frame = { width: number; height: number }
/** Gives numbers from 0 to 1. */
type Random = () => number
type Palette = ReturnType<typeof createPalette>

/** WebP bytes. Throws sharp's error for a condition image that does not decode. */
export const renderPicture = async (request: ProviderRequest): Promise<Uint8Array> => {
  const { prompt, conditionImages, imageSize, transformation } = request
  const sharp = await loadSharp()
  const limits = { failOn: 'error', limitInputPixels: MAX_IMAGE_PIXELS } as const
  const images = [...conditionImages, ...listOtherImages(request)]
  const [photo, ...others] = images.map(({ bytes }) => sharp(bytes, limits).autoOrient())
  const frame = await frameOf(request, photo)
  const { width, height } = frame
  const isEnhanced = photo !== undefined && transformation === 'enhance'
  const random = createRandom(request)
  const palette = createPalette(prompt, random)
  const ink = palette.shade(-0.1)
  const margin = Math.round(Math.min(56, width * 0.09, height * 0.09))
  const room = { left: margin, bottom: height - margin, width: width - 2 * margin }
  const words = { ...room, bottom: room.bottom - 46, height: height * (photo ? 0.2 : 0.42) }
  const scale = { '1K': 1, '2K': 2, '4K': 4 }[imageSize]
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width * scale}" height="${height * scale}" viewBox="0 0 ${width} ${height}">
${isEnhanced ? '' : drawScene(frame, palette, random)}${photo ? await drawPhoto(photo, frame, isEnhanced) : ''}${await drawPrints(others, frame)}
<linearGradient id="shade" x2="0" y2="1">${stop(photo ? 0.6 : 0.38, ink, 0)}${stop(1, ink, 0.9)}</linearGradient>
<path d="M0 0H${width}V${height}H0Z" fill="url(#shade)"/>
<g color="#fff">${drawLettering(prompt, words, Math.min(66, room.width * 0.09))}${drawLettering(describeNote(request), { ...room, height: 30 }, 14)}</g></svg>`
  // 4K then takes 0.65 s of one core, of which two thirds are drawing.
  const effort = imageSize === '4K' ? 0 : 2
  return sharp(Buffer.from(svg)).webp({ quality: 88, effort }).toBuffer()
}

/** In the ratio asked for, else in the condition image's as far as 4 to 1, else square; 1024 units at the long edge. */
const frameOf = async ({ aspectRatio }: ProviderRequest, photo?: Sharp): Promise<Frame> => {
  const size = aspectRatio ? undefined : (await photo?.metadata())?.autoOrient
  const [w = size?.width ?? 1, h = size?.height ?? 1] = aspectRatio?.split(':').map(Number) ?? []
  const most = aspectRatio ? 8 : 4
  const ratio = Math.min(most, Math.max(1 / most, w / h))
  return {
    width: Math.round(1024 * Math.min(1, ratio)),
    height: Math.round(1024 / Math.max(1, ratio)),
  }
}

/** The numbers do not depend on the size and the ratio: a bigger picture shows the same scene. */
const createRandom = (request: ProviderRequest) => {
  const { prompt, transformation, variation, conditionImages } = request
  const seed = createHash('sha256').update(JSON.stringify([transformation, prompt, variation]))
  const [first, ...others] = [...conditionImages, ...listOtherImages(request)]
  seed.update(first?.bytes ?? '')
  for (const { bytes } of others) seed.update(createHash('sha256').update(bytes).digest())
  const said = describeSaid(request)
  let digest = seed.update(said === '' ? '' : `\n${said}`).digest()
  return (): number => {
    digest = createHash('sha256').update(digest).digest()
    return digest.readUInt32LE(0) / 2 ** 32
  }
}

/** Those of earlier turns and of a provider's request. */
const listOtherImages = ({ details, providerRequest }: ProviderRequest): StoredImage[] => [
  ...(details?.turns ?? []).flatMap(({ images }) => images),
  ...(providerRequest?.images ?? []),
]

/** All else that is said, without the images but with how many each turn has; empty where nothing is. */
const describeSaid = ({ details, providerRequest }: ProviderRequest): string => {
  const { turns, ...plain } = details ?? {}
  const talk = turns?.map(({ role, text, images }) => [role, text ?? null, images.length])
  const said = JSON.stringify({ ...plain, turns: talk, providerRequest: providerRequest?.body })
  return said === '{}' ? '' : said
}

/** What of a request nobody would see in the picture stands below it. */
const describeNote = ({ details }: ProviderRequest): string => {
  const seed = details?.seed === undefined ? '' : ` · seed ${details.seed}`
  return `${NOTE}${seed}`
}

/** Further images, as small prints in a row at the top. */
const drawPrints = async (photos: readonly Sharp[], { width, height }: Frame): Promise<string> => {
  const side = Math.min(width, height) / 8
  const step = Math.min(side * 1.2, width / Math.max(1, photos.length))
  const prints = await Promise.all(
    photos.map((photo) =>
      photo
        .resize(Math.max(1, Math.round(side)), Math.max(1, Math.round(side)), { fit: 'cover' })
        .flatten({ background: '#fff' })
        .jpeg({ quality: 85 })
        .toBuffer(),
    ),
  )
  return prints
    .map(
      (jpeg, index) =>
        `<image x="${round(index * step)}" y="0" width="${round(side)}" height="${round(side)}" xlink:href="data:image/jpeg;base64,${jpeg.toString('base64')}"/>`,
    )
    .join('')
}

/** The condition image: over the whole frame, crisper and richer, or as a print that lies askew on the scene. */
const drawPhoto = async (photo: Sharp, { width, height }: Frame, isEnhanced: boolean) => {
  const room = isEnhanced ? { width, height } : { width: width * 0.66, height: height * 0.5 }
  // More pixels would cost a second at 4K.
  const pixels = (units: number) => Math.max(1, Math.round(units * 1.5))
  const border = { top: 15, right: 15, bottom: 15, left: 15, background: '#fff' }
  const resized = photo
    .resize(pixels(room.width), pixels(room.height), { fit: isEnhanced ? 'cover' : 'inside' })
    .flatten({ background: '#fff' })
  const shown = isEnhanced ? resized.linear(1.12, -14).sharpen() : resized.extend(border)
  const jpeg = await shown.jpeg({ quality: 92 }).toBuffer()
  const place = isEnhanced
    ? ''
    : `x="${width * 0.17}" y="${height * 0.06}" transform="rotate(-2 ${width / 2} ${height * 0.3})"`
  return `<image width="${room.width}" height="${room.height}" ${place} xlink:href="data:image/jpeg;base64,${jpeg.toString('base64')}"/>`
}

/** Dunes or mountains under a sun or a moon, in the prompt's colours, as SVG elements that fill the frame. */
const drawScene = (frame: Frame, { shade, accent }: Palette, random: Random): string => {
  const { width, height } = frame
  const between = (from: number, to: number) => round(from + random() * (to - from))
  const disc = (x: number, y: number, r: number, fill: string, opacity: number) =>
    `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}" fill-opacity="${opacity}"/>`
  const isNight = random() < 0.3
  const [top, middle, haze] = isNight ? [0.02, 0.28, 0.6] : [0.3, 0.66, 0.96]
  const [x, y, r] = [width * between(0.2, 0.8), height * between(0.2, 0.34), between(50, 105)]
  const stars = Array.from({ length: isNight ? 90 : 0 }, () =>
    disc(between(0, width), between(0, height * 0.6), between(0.6, 2.2), '#fff', between(0.2, 0.9)),
  )
  const glow = `gradientUnits="userSpaceOnUse" cx="${x}" cy="${y}" r="${r * 6}"`
  const sun = [0.12, 0.18, 0.95].map((opacity, ring) =>
    disc(x, y, r * (2 - ring / 2), accent, opacity),
  )
  const [count, isRugged] = [4 + Math.floor(random() * 3), random() < 0.55]
  const ridges = Array.from({ length: count }, (_, index) => {
    const depth = index / (count - 1)
    const level = haze * 0.8 * (1 - depth) ** 1.2
    const line = drawRidge(frame, 0.42 + 0.4 * depth, isRugged, random)
    const stops = stop(0, shade(level)) + stop(0.7, shade(level + (haze - level) * 0.4))
    return `<linearGradient id="ridge${index}" x2="0" y2="1">${stops}</linearGradient>
<path d="${line}V${height}H0Z" fill="url(#ridge${index})"/>`
  })
  return `<linearGradient id="sky" x2="0" y2="1">${stop(0, shade(top))}${stop(0.36, shade(middle))}${stop(0.72, shade(haze))}</linearGradient>
<radialGradient id="glow" ${glow}>${stop(0, accent, 0.7)}${stop(1, accent, 0)}</radialGradient>
<path d="M0 0H${width}V${height}H0Z" fill="url(#sky)"/><path d="M0 0H${width}V${height}H0Z" fill="url(#glow)"/>
${stars.join('')}${sun.join('')}${ridges.join('')}`
}

const round = (n: number): number => Math.round(n * 100) / 100
const stop = (offset: number, colour: string, opacity = 1): string =>
  `<stop offset="${offset}" stop-color="${colour}" stop-opacity="${opacity}"/>`

/** Sines, each of twice as many waves as the one before and half as high; folded into peaks where it is rugged. */
const drawRidge = (
  { width, height }: Frame,
  share: number,
  isRugged: boolean,
  random: Random,
): string => {
  const swing = Math.min(width, height) * (isRugged ? 0.075 : 0.06)
  const waves = Array.from({ length: isRugged ? 6 : 2 }, (_, octave) => {
    const [length, phase] = [
      (isRugged ? 820 : 640) / (1 + random() * 0.6) / 2 ** octave,
      random() * 7,
    ]
    return (x: number) => {
      const wave = Math.sin((x / length) * Math.PI * 2 + phase)
      return swing * 0.5 ** octave * (isRugged ? 1 - 2 * Math.abs(wave) : wave)
    }
  })
  const points = Array.from({ length: 161 }, (_, step) => {
    const x = (width * step) / 160
    return `${round(x)} ${round(waves.reduce((y, wave) => y - wave(x), height * share))}`
  })
  return `M${points.join('L')}`
}

/** Of the two first colours that the prompt names, else random. `shade` gives one from dark (0) to light (1). */
const createPalette = (prompt: string, random: Random) => {
  const words = new Set(prompt.toLowerCase().match(/\p{L}+/gu))
  const [first, second] = [...words].flatMap((word) => NAMED.get(word) ?? [])
  const base = first ?? { hue: 170 + random() * 230, saturation: 40, lightness: 48 }
  const turn = (random() < 0.5 ? -1 : 1) * (25 + random() * 35)
  const shade = (level: number): string => {
    // A jump, as most colours half way between two are mud.
    const named = second && level > 0.5 ? second : { ...base, hue: base.hue + turn * level }
    const lightness = 11 + 72 * level + (named.lightness - 48) * 0.45
    return toHsl(named.hue, named.saturation, Math.min(96, Math.max(4, lightness)))
  }
  const accent = toHsl(15 + random() * 40, Math.min(88, base.saturation * 2), 80)
  return { shade, accent }
}

const toHsl = (hue: number, saturation: number, lightness: number): string =>
  `hsl(${round(hue)} ${round(saturation)}% ${round(lightness)}%)`

/** Hue in degrees, saturation and lightness in percent. */
const NAMED = new Map(
  `red 356 64 46,crimson 346 65 42,coral 14 70 60,orange 26 75 50,amber 38 78 50,gold 43 72 50,golden 43 72 50,yellow 49 80 56,lime 82 52 50,
green 140 38 42,olive 68 36 36,emerald 154 48 42,mint 156 40 72,teal 184 52 36,turquoise 178 48 52,cyan 190 60 54,azure 208 66 58,
blue 221 58 50,navy 226 52 26,indigo 246 46 42,purple 280 42 46,violet 266 46 54,lavender 258 40 72,magenta 314 54 50,pink 336 56 70,
rose 346 54 60,peach 22 66 74,brown 24 38 34,beige 38 35 74,white 214 14 92,silver 212 8 72,gray 215 6 52,grey 215 6 52,black 225 8 14`
    .split(/,\s*/)
    .map((entry) => {
      const [name = '', ...numbers] = entry.split(' ')
      const [hue = 0, saturation = 0, lightness = 0] = numbers.map(Number)
      return [name, { hue, saturation, lightness }] as const
    }),
)
