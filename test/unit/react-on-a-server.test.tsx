import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from '@jest/globals'
import { renderToPipeableStream, renderToString } from 'react-dom/server'
import { createImageonceClient, type GenerationResult } from '../../src/client.ts'
import { GeneratedImage, type GeneratedImageProps } from '../../src/react.ts'
import { App } from '../support/react/app.tsx'

let asked = 0
const client = createImageonceClient({
  baseUrl: 'https://images.example',
  telemetry: false,
  fetch: async () => {
    asked++
    return new Response(null, { status: 500 })
  },
})

const request = { prompt: 'a lake', aspectRatio: '16:9' } as const
const made = {
  id: `g_${'1'.repeat(40)}`,
  status: 'succeeded',
  imageUrl: 'https://images.example/images/g_1.sign?v=1',
  isPlaceholder: false,
  thumbhash: '1QcSHQRnh493V4dIh4eXh1h4kJUI',
  width: 1_000,
  height: 563,
} as GenerationResult

const render = (picture: Omit<GeneratedImageProps, 'alt'>): string =>
  renderToString(<App client={client} picture={{ alt: 'A lake', ...picture }} />)

test('a server asks for nothing, and leaves the space of the picture', () => {
  const html = render({ request })
  expect(html).toContain('data-state="pending" aria-busy="true"')
  expect(html).toContain('aspect-ratio:1024 / 576')
  expect(html).toMatch(/<img alt="A lake" width="1024" height="576" .*src="data:image\/gif/)
  expect(asked).toBe(0)
})

test('a server that has the picture sends it, with its blur and its widths', () => {
  const html = render({ request, initial: made, sizes: '50vw' })
  expect(html).toContain('background-image:url(data:image/png;base64,')
  expect(html).toContain('sizes="50vw"')
  const sources = /srcSet="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&').split(', ')
  expect(sources).toEqual([
    ...[160, 320, 640].map((width) => `${made.imageUrl}&w=${width} ${width}w`),
    `${made.imageUrl} 1000w`,
  ])
})

test.each([
  [{ width: 300 }, 'max-width:300px;aspect-ratio:300 / 169'],
  [{ height: 90 }, 'max-width:160px;aspect-ratio:160 / 90'],
  [{ width: 300, height: 300 }, 'max-width:300px;aspect-ratio:300 / 300'],
])('the space is what is given, else in the ratio that is asked for: %j', (given, style) => {
  expect(render({ request, ...given })).toContain(style)
})

test('a thumbhash that is none is no reason to show nothing', () => {
  expect(render({ request, initial: { ...made, thumbhash: 'x' } })).toContain(made.imageUrl)
})

test('a promised picture is streamed when it is there, and what is around it before', async () => {
  let keep = (_made: GenerationResult) => {}
  const initial = new Promise<GenerationResult>((resolve) => {
    keep = resolve
  })
  const out = new PassThrough()
  const chunks: string[] = []
  out.on('data', (chunk) => {
    chunks.push(String(chunk))
    if (chunks.join('').includes('beneath')) keep(made)
  })
  const whole = text(out)
  const picture = { request, alt: 'A lake', initial }
  renderToPipeableStream(
    <main>
      <App client={client} picture={picture} />
    </main>,
  ).pipe(out)
  const html = await whole
  expect(html.indexOf('id="fallback"')).toBeGreaterThan(0)
  expect(html.indexOf(made.imageUrl)).toBeGreaterThan(html.indexOf('beneath'))
  expect(asked).toBe(0)
})

test('what can only be a mistake is said at once', () => {
  const alone = (request: object) =>
    renderToString(<GeneratedImage request={request as never} alt="" client={client} />)
  expect(() => alone({ prompt: 'x', skipExistingCheck: true })).toThrow('call another()')
  expect(() => renderToString(<GeneratedImage request={request} alt="" />)).toThrow(
    'needs a client',
  )
  expect(renderToString(<GeneratedImage request={null} alt="" />)).toContain('"shown"')
})
