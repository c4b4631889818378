import { drawScatter, drawText, HEIGHT, renderPng, WIDTH } from './draw.ts'

/** A picture that an app might send, and what somebody might change in it: small, and another picture all the same. */
export type Scene = { name: string; draw: (change?: string) => Promise<Buffer>; changes: string[] }

const scene = <Change extends string>(
  name: string,
  noise: number,
  changes: Change[],
  draw: (is: (change: Change) => boolean) => string[],
): Scene => ({
  name,
  changes,
  draw: async (change) => renderPng(draw((each) => each === change).join(''), noise),
})

const ground = (from: string, to: string) =>
  `<defs><linearGradient id="ground" x2=".4" y2="1"><stop stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient></defs><rect width="${WIDTH}" height="${HEIGHT}" fill="url(#ground)"/>`

export const bottle = scene(
  'a bottle, photographed',
  2,
  ['name', 'volume', 'batch, pale', 'cap', 'drop moved', 'drop gone', 'label moved', 'shade'],
  (is) => [
    ground('#f3efe6', '#cfc6b4'),
    '<ellipse cx="330" cy="432" rx="130" ry="14" fill="#6d6552" opacity=".45"/>',
    `<rect x="290" y="40" width="60" height="60" rx="8" fill="${is('cap') ? '#40352c' : '#2f3a2c'}"/>`,
    `<rect x="240" y="95" width="160" height="335" rx="26" fill="${is('shade') ? '#88a878' : '#82a072'}"/>`,
    '<rect x="258" y="110" width="16" height="300" rx="8" fill="#ffffff" opacity=".35"/>',
    `<g transform="translate(${is('label moved') ? 2 : 0} 0)"><rect x="252" y="200" width="136" height="150" fill="#fbf7ea"/>`,
    drawText(is('name') ? 'Lemon' : 'Olive', { x: 268, y: 214, size: 34 }),
    drawText('cold pressed, from Crete', { x: 264, y: 262, size: 10 }),
    drawText(is('volume') ? '600 ml' : '500 ml', { x: 300, y: 322, size: 12 }),
    drawText(is('batch, pale') ? 'L 2836' : 'L 2856', {
      x: 264,
      y: 300,
      size: 11,
      fill: '#cfc8b8',
    }),
    '</g>',
    is('drop gone')
      ? ''
      : `<circle cx="${is('drop moved') ? 463 : 460}" cy="412" r="5" fill="#9a8d3a"/>`,
  ],
)

const meadow = scene(
  'a meadow, full of detail',
  5,
  ['flower recoloured', 'bee added', 'stalk gone'],
  (is) => [
    ground('#9fc4e6', '#5d8a3f'),
    drawScatter(2_600, 3, (random, index) => {
      const [x, y] = [random() * WIDTH, 150 + random() * 330]
      const [bend, length, green] = [random() * 14 - 7, 12 + random() * 40, 70 + random() * 110]
      if (is('stalk gone') && index === 2_500) return ''
      return `<path d="M${x} ${y}q${bend} ${-length / 2} ${bend * 2} ${-length}" stroke="rgb(${green * 0.6} ${green} 40)" stroke-width="2" fill="none"/>`
    }),
    drawScatter(60, 5, (random, index) => {
      const fill = is('flower recoloured') && index === 30 ? '#d8a0c8' : '#e8d070'
      return `<circle cx="${random() * WIDTH}" cy="${170 + random() * 290}" r="${4 + random() * 4}" fill="${fill}"/>`
    }),
    is('bee added') ? '<ellipse cx="321" cy="243" rx="5" ry="3.5" fill="#3a2c10"/>' : '',
  ],
)

const LINES = [
  'Payment is due within 30 days of the date of this invoice.',
  'Goods remain ours until they are paid.',
]
const MISPRINTS = { digit: ['30', '60'], word: ['date', 'data'], 'full stop': ['.', ''] } as const
type Misprint = keyof typeof MISPRINTS
const misprints = Object.keys(MISPRINTS) as Misprint[]

const page = scene('a page of text', 0, misprints, (is) => {
  const misprint = misprints.find(is)
  const lines = Array.from({ length: 22 }, (_, index) => LINES[index % 2] ?? '')
  if (misprint) {
    const [from, to] = MISPRINTS[misprint]
    lines[10] = lines[10]?.replace(from, to) ?? ''
  }
  const drawn = lines.map((line, index) => drawText(line, { x: 40, y: 20 + index * 20, size: 13 }))
  return [`<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`, ...drawn]
})

const chart = scene('a chart in strong colours', 0, ['bar', 'figure', 'shade', 'line'], (is) => [
  `<rect width="${WIDTH}" height="${HEIGHT}" fill="#10162f"/>`,
  ...['#ff3b5c', '#ffb300', '#22c55e', '#3b82f6', '#a855f7'].map((fill, index) => {
    const height = 120 + index * 55 + (is('bar') && index === 2 ? 3 : 0)
    const shade = is('shade') && index === 3 ? '#4386f6' : fill
    return `<rect x="${60 + index * 110}" y="${430 - height}" width="70" height="${height}" fill="${shade}"/>`
  }),
  `<path d="M40 430H600" stroke="#7c86a8" stroke-width="1"/>`,
  is('line') ? '' : '<path d="M40 250H600" stroke="#7c86a8" stroke-opacity=".5" stroke-width="1"/>',
  drawText(is('figure') ? '1,280' : '1,230', { x: 60, y: 20, size: 16, fill: '#ffffff' }),
])

const sky = scene('a gradient', 1, ['pale patch', 'pale line'], (is) => [
  ground('#20406a', '#e8a070'),
  is('pale patch')
    ? '<rect x="300" y="200" width="64" height="64" fill="#ffffff" opacity=".03"/>'
    : '',
  is('pale line') ? '<path d="M200 300h120" stroke="#ffffff" stroke-opacity=".15"/>' : '',
])

export const logo = scene('a logo, half transparent', 0, ['hole', 'fainter'], (is) => [
  `<circle cx="320" cy="240" r="150" fill="#1d4ed8" fill-opacity="${is('fainter') ? 0.55 : 0.6}"/>`,
  '<path d="M250 300L320 140L390 300" fill="none" stroke="#ffffff" stroke-width="22"/>',
  is('hole') ? '' : '<circle cx="320" cy="270" r="7" fill="#000000"/>',
])

export const scenes: Scene[] = [bottle, meadow, page, chart, sky, logo]
