/** In drawing units; `bottom` is the last line's baseline. */
type Room = { left: number; bottom: number; width: number; height: number }
type Point = [x: number, y: number]
type Glyph = { width: number; top: number; path: string }

/**
 * Text in the current colour as SVG paths, which need no fonts: capitals `size` high, lower where the text would not fit; what never fits
 * is cut. Latin, Cyrillic and Greek; all else is left out.
 */
export const drawLettering = (text: string, room: Room, size: number): string => {
  const width = (room.width / size) * CAPITAL
  const words = readable(text)
  const lines = breakLines(words, width)
  const most = Math.max(1, Math.floor(room.height / size / LEADING))
  const fits = lines.length <= most && lines.every((line) => widthOf(line) <= width)
  if (!fits && size > Math.min(20, room.width * 0.04)) return drawLettering(text, room, size * 0.9)
  const narrower = [0.6, 0.7, 0.8, 0.9].map((share) => breakLines(words, width * share))
  const even = narrower.find(({ length }) => length === lines.length) ?? lines
  const shown = even.slice(0, most)
  if (lines.length > most) shown.push(`${shown.pop()}...`)
  const top = room.bottom - size * (1 + LEADING * (shown.length - 1))
  return `<g transform="translate(${room.left} ${top}) scale(${size / CAPITAL})" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round">
${shown.map((line, index) => drawLine(line, index * LEADING * CAPITAL)).join('')}</g>`
}

const CAPITAL = 14
const GAP = 4.3
/** From line to line, in capitals. */
const LEADING = 1.62

/** As many words as could ever fit, in letters that are drawn here; a long word is taken apart. */
const readable = (text: string): string[] => {
  const letters = text
    .replace(/(?<=^.{600}).+/s, '...')
    .normalize('NFKD')
    .replace(/i(?=[\u0300-\u030c])/g, 'ı')
  const drawn = Array.from(letters).filter((letter) => glyphs.has(letter) || /\s/.test(letter))
  return drawn.join('').match(/\S{1,24}/g) ?? []
}

const breakLines = (words: string[], width: number): string[] => {
  const lines: string[] = []
  for (const word of words) {
    const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : word
    if (widthOf(longer) <= width) lines.pop()
    lines.push(widthOf(longer) <= width ? longer : word)
  }
  return lines
}

const isMark = (letter: string): boolean => /\p{M}/u.test(letter)
const glyphOf = (letter: string): Glyph => glyphs.get(letter) ?? { width: 1.5, top: 0, path: '' }
const widthOf = (line: string): number =>
  Array.from(line).reduce(
    (sum, letter) => sum + (isMark(letter) ? 0 : glyphOf(letter).width + GAP),
    0,
  )

const drawLine = (line: string, top: number): string => {
  let [pen, base] = [0, glyphOf(' ')]
  const draw = (letter: string): string => {
    const glyph = glyphOf(letter)
    const { width, path } = glyph
    if (!isMark(letter)) {
      base = glyph
      pen += width + GAP
      return `<path transform="translate(${pen - width - GAP} ${top})" d="${path}"/>`
    }
    const rise = glyph.top < CAPITAL ? base.top - 5 : 0
    base = { ...base, top: base.top - 4 }
    return `<path transform="translate(${pen - GAP - (base.width + width) / 2} ${top + rise})" d="${path}"/>`
  }
  return Array.from(line, draw).join('')
}

/**
 * `letters:strokes`. A stroke is points of two digits of base 36, x and y, whose corners are rounded but where a point is
 * said twice. Capitals reach from 0 to 14, small letters from 4 to 14, descenders to 18.
 */
const DRAWINGS = `
AАΑ:0e5050ae,2a8a BВΒ:070000808707,07979e0e0e07 CС:9390000e9e9b D:070000909e0e0e07 EЕΕ:8000000e0e8e,0777 F:8000000e,0777
G:9390000e9e979757 HНΗ:000e,909e,0797 IІΙ:000e J:606e0e0b KКΚ:000e,8008,358e L:000e0e8e MМΜ:0e00005a5aa0a0ae
NΝ:0e00009e9e90 OОΟ:50a0ae0e0050 PРΡ:0e0000909808 Q:50a0ae0e0050,6aaf R:0e0000909808,489e S:93900007979e0e0b
TТΤ:00a0,505e U:000e9e90 V:005e5ea0 W:003e3e7171bebee0 XХΧ:009e,900e YΥ:005757a0,575e ZΖ:0090900e0e9e
aа:0604848e,89090e8e b:000e,44848e0e0444 cс:8684040e8e8c d:808e,44848e0e0444 eе:09898984040e8e8c f:60202e,0464
g:44848e0e0444,848i1i h:000e,0804848e iі:040e,0001 ıι:040e j:343i0i,3031 k:000e,740b,387e l:000e3e
m:040e,0804646e,6864c4ce n:040e,0804848e oоο:44848e0e0444 pрρ:040i,44848e0e0444 q:848i,44848e0e0444 r:040e,080464
s:76740409797e0e0c t:202e6e,0464 u:040e8e84,848e vν:044e4e84 w:043e3e66669e9ec4 xх:047e,740e yу:044e,842i z:0474740e0e7e
0:40808e0e0040 1:0340404e 2:030080860e0e8e 3З:0200808737,37878e0e0c 4:6e60600a0a9a 5:800000060606868e0e0c
6:8280000e8e8606 7:0080803e 8:408087070040,47878e0e0747 9:0c0e8e80000888 ß:0e00707636,36868e4e ø:44848e0e0444,0f83
æ:0604646e0e0969,69c9c9c4646e ł:202e5e,0a46 đ:808e,44848e0e0444,52b2 Ø:50a0ae0e0050,0ea0 Ł:101e1e9e,0b66
.:0d0e ,:1e0h ::0607,0d0e ;:1617,1e0h !:0009,0d0e ?:030080864649,4d4e ':0004 ":0004,4044 (:40040b4f ):00444b0f
[:3000000f0f3f ]:0030303f3f0f {:5020271717,17272f5f }:0030373747,47373f0f -:0a5a –:0a8a —:0ada _:0f9f +:0a8a,464e
=:0787,0c8c /:600f \\:006f |:000i *:3036,0165,6105 <:8509098d >:0589890d @:85454b8b,848bcbc000000e9e
#:402e,806e,14a4,0a9a $:83820207878c0c0b,405e %:204044040020,a02e,aacace8e8aaa &:9e031060640a0e7e98 ~:0b09494b8b89
^:04404084 ·:0a0a €:b3b1212dbdbb,0676,0a7a £:83802e,0969,0e0e8e °:204044040020
Б:8000000e8e8707 ГΓ:8000000e Д:0h0e0eaeaeah,2e303080808e Ж:0057570e,c07777ce,5777,606e И:000e0e90909e Л:0e303090909e
ПΠ:0e000090909e У:0048,802e ФΦ:62c2cb0b0262,606e Ц:000e0ebebebh,909e Ч:000888,808e Ш:000e0ececec0,606e Щ:000e0eeeeeeh,c0ce,606e
Ъ:0030303e3ebeb737 Ы:000e0e7e7707,b0be Ь:000e0e8e8707 Э:0300909e0e0b,3797 Ю:000e,0747,90d0de4e4090 Я:9e9090000898,480e
Є:9390000e9e9b,0767 Δ:0e5050aeae0e Θ:50a0ae0e0050,3777 Λ:0e5050ae Ξ:0080,1777,0e8e Σ:9000005757570e0e9e Ψ:0009c9c0,606e
Ω:0e3e3e0a00a0aa7e7eae α:44848e0e0444,848e β:0i00707636,36868e0e γ:044d4i,4d84 δ:44848e0e0444,70101286 ε:7674040949,49090e7e7c
ζ:007070090e7e7i η:040e,0804848i θ:40808e0e0040,0787 κ:040e,740b,387e λ:00208e,570e μ:040i,040e8e84,848e ξ:70000656,56060e7e7i
π:04a4,242e,848e ς:8684040e7e7i σ:a444040e8e8444 τ:0484,444e υ:040e8e84 φ:44848e0e0444,404i χ:048i,840i ψ:040eaea4,505i ω:040e6e68,686ecec4
\u0300:0022 \u0301:0220 \u0302:02202042 \u0303:02103240 \u0304:0141 \u0306:00024240 \u0307:0102 \u0308:0102,4142 \u0309:00202112
\u030a:204043030020 \u030b:0220,4260 \u030c:00222240 \u0323:0h0h \u0326:1g0i \u0327:1f2h0i \u0328:1e0h2i
`

const toPath = (points: Point[]): string =>
  points
    .map((point, index) => {
      const [before, after] = [points[index - 1], points[index + 1]]
      if (!before || !after) return `${before ? 'L' : 'M'}${point}`
      return `L${towards(point, before)}Q${point} ${towards(point, after)}`
    })
    .join('')

/** Where a corner's rounding begins. */
const towards = ([x, y]: Point, [toX, toY]: Point): Point => {
  const length = Math.hypot(toX - x, toY - y)
  const share = length && Math.min(5, length / 2) / length
  return [x + (toX - x) * share, y + (toY - y) * share]
}

const toGlyph = (strokes: string, scale: number): Glyph => {
  const digit = (character = '') => Number.parseInt(character, 36)
  const lines = strokes
    .split(',')
    .map((stroke) =>
      Array.from(
        stroke.matchAll(/(.)(.)/g),
        ([, x, y]): Point => [digit(x) * scale, CAPITAL + (digit(y) - CAPITAL) * scale],
      ),
    )
  const xs = lines.flat().map(([x]) => x)
  const ys = lines.flat().map(([, y]) => y)
  return { width: Math.max(...xs), top: Math.min(...ys), path: lines.map(toPath).join('') }
}

const glyphs = new Map<string, Glyph>()
for (const drawing of DRAWINGS.trim().split(/\s+/)) {
  const colon = drawing.lastIndexOf(':')
  for (const letter of drawing.slice(0, colon)) {
    const strokes = drawing.slice(colon + 1)
    // Small letters are drawn after the capitals, whose smaller form most Cyrillic ones keep.
    glyphs.set(letter.toLowerCase(), toGlyph(strokes, 10 / CAPITAL))
    glyphs.set(letter, toGlyph(strokes, 1))
  }
}
