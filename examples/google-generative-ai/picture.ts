import { writeFile } from 'node:fs/promises'
import { type GenerationConfig, GoogleGenerativeAI } from '@google/generative-ai'

/* An app that has Google's older SDK make its pictures: `baseUrl` and the key are all that is changed. */

const { IMAGEONCE_URL: url = 'http://127.0.0.1:3000', IMAGEONCE_TOKEN: apiKey = '' } = process.env
const model = new GoogleGenerativeAI(apiKey).getGenerativeModel(
  {
    model: 'gemini-nano-banana-2.1',
    // This SDK's types are older than models that draw.
    generationConfig: { responseModalities: ['IMAGE'] } as GenerationConfig,
  },
  { baseUrl: `${url}/gemini` },
)

const [prompt = 'a red bicycle', path = 'picture.png'] = process.argv.slice(2)
const { response } = await model.generateContent(prompt)
const parts = response.candidates?.[0]?.content.parts ?? []
await writeFile(path, parts.find(({ inlineData }) => inlineData)?.inlineData?.data ?? '', 'base64')
console.log(path)
