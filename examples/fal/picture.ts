import { writeFile } from 'node:fs/promises'
import { createFalClient } from '@fal-ai/client'

/* An app that has fal's client make its pictures. It has no setting for its base URL: the middleware is what is added. */

const { IMAGEONCE_URL: url = 'http://127.0.0.1:3000', IMAGEONCE_TOKEN: credentials } = process.env
const fal = createFalClient({
  ...(credentials && { credentials }),
  requestMiddleware: async (request) => ({
    ...request,
    url: request.url.replace('https://queue.fal.run', `${url}/fal`),
  }),
})

const [prompt = 'a red bicycle', path = 'picture.png'] = process.argv.slice(2)
const { data } = await fal.subscribe('fal-ai/nano-banana', {
  input: { prompt, aspect_ratio: '16:9' },
  onQueueUpdate: ({ status }) => console.error(status),
})
const image = await fetch(data.images[0]?.url ?? '')
await writeFile(path, Buffer.from(await image.arrayBuffer()))
console.log(path)
