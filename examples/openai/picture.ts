import { writeFile } from 'node:fs/promises'
import OpenAI from 'openai'

/* An app that has OpenAI's SDK make its pictures: `baseURL` and the key are all that is changed. */

const { IMAGEONCE_URL: url = 'http://127.0.0.1:3000', IMAGEONCE_TOKEN: apiKey } = process.env
const client = new OpenAI({ baseURL: `${url}/openai/v1`, apiKey })

const [prompt = 'a red bicycle', path = 'picture.png'] = process.argv.slice(2)
const { data: answer, response } = await client.images
  .generate({ model: 'gpt-image-2.5-flare', prompt, size: '1536x1024' })
  .withResponse()
await writeFile(path, answer.data?.[0]?.b64_json ?? '', 'base64')
console.log(response.headers.get('Imageonce-Reuse'), path)
