import { writeFile } from 'node:fs/promises'
import { GoogleGenAI } from '@google/genai'

/* An app that has Google's SDK make its pictures: `baseUrl` and the key are all that is changed. */

const { IMAGEONCE_URL: url = 'http://127.0.0.1:3000', IMAGEONCE_TOKEN: apiKey = '' } = process.env
const ai = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `${url}/gemini` } })

const [contents = 'a red bicycle', path = 'picture.png'] = process.argv.slice(2)
const answer = await ai.models.generateContent({
  model: 'gemini-nano-banana-2.1',
  contents,
  config: { responseModalities: ['IMAGE'], imageConfig: { aspectRatio: '16:9' } },
})
await writeFile(path, answer.data ?? '', 'base64')
console.log(answer.sdkHttpResponse?.headers?.['imageonce-reuse'], path)
