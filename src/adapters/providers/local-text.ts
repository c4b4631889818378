import type { Frame } from './local-art.ts'
import { fontFamilyOf, loadFonts } from './local-fonts.ts'

const NOTE = 'local renderer · no model was called'

/**
 * The prompt, in at most `share` of the frame's height, and the renderer's note at the bottom, as an SVG
 * document of glyph outlines. Scripts that the fonts lack are left out.
 */
export const drawText = async (prompt: string, frame: Frame, share: number): Promise<string> => {
  const text = readable(prompt)
  const [{ default: satori }, fonts] = await Promise.all([loadSatori(), loadFonts(text)])
  return satori(layOut(text, frame, share), { ...frame, fonts })
}

// Loaded with the first picture: a process that never renders one pays nothing.
const loadSatori = () => import('satori')

const PADDING = 56
const MIN_FONT_SIZE = 30
const FONT_SIZES = [92, 78, 66, 56, 48, 41, 35, MIN_FONT_SIZE]
const MAX_LINES = 6
/** More never fits into the lines. */
const MAX_CHARACTERS = 500
/** Measured on Inter 700, English text. */
const MEAN_CHARACTER_WIDTH = 0.56
const LINE_HEIGHT = 1.14

const layOut = (text: string, { width, height }: Frame, share: number) => {
  const padding = Math.round(Math.min(PADDING, Math.min(width, height) * 0.09))
  const fittingSize = findFontSize(text, width - 2 * padding, height * share)
  const fontSize = fittingSize ?? MIN_FONT_SIZE
  const maxLines = Math.floor((height * share) / (fontSize * LINE_HEIGHT))
  const heading = {
    display: 'block',
    fontSize,
    fontWeight: 700,
    lineHeight: LINE_HEIGHT,
    letterSpacing: '-0.02em',
    wordBreak: 'break-word',
    // Not both: satori clamps lines that balancing made.
    ...(fittingSize
      ? { textWrap: 'balance' }
      : { lineClamp: Math.max(1, Math.min(MAX_LINES, maxLines)) }),
  }
  const note = { marginTop: 22, fontSize: 21, opacity: 0.78, letterSpacing: '0.01em' }
  const page = {
    display: 'flex',
    flexDirection: 'column',
    justifyContent: 'flex-end',
    width: '100%',
    height: '100%',
    padding,
    boxSizing: 'border-box',
    color: '#ffffff',
    fontFamily: fontFamilyOf(text),
  }
  return box(page, [...(text ? [box(heading, text)] : []), box(note, NOTE)])
}

const box = (style: object, children: unknown) => ({
  type: 'div',
  key: null,
  props: { style, children },
})

/** The largest size at which the text fits the room, as far as a mean width can tell. */
const findFontSize = (text: string, width: number, height: number): number | undefined =>
  FONT_SIZES.find((size) => {
    const perLine = Math.max(1, Math.floor(width / (size * MEAN_CHARACTER_WIDTH)))
    const longestWord = Math.max(...text.split(' ').map((word) => word.length))
    const lines = Math.ceil((text.length * 1.12) / perLine)
    return longestWord <= perLine && lines <= 4 && lines * size * LINE_HEIGHT <= height
  })

const readable = (prompt: string): string =>
  prompt
    .replace(
      /[^\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}\p{P}\p{Sc}\p{Sm}\p{M} ]+/gu,
      ' ',
    )
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_CHARACTERS)
