import type { GenerationRequestInput } from '../../src/client.ts'

/** A line for a POSIX shell that asks for exactly this; `$TOKEN` is the caller's. */
export const writeCurl = (origin: string, request: GenerationRequestInput): string =>
  [
    `curl -s ${quote(`${origin}/api/visualize/generate`)}`,
    '-H "Authorization: Bearer $TOKEN"',
    "-H 'Content-Type: application/json'",
    "-H 'Prefer: wait=60'",
    `-d ${quote(JSON.stringify(request))}`,
  ].join(' \\\n  ')

/** A module that asks for exactly this by the client library. */
export const writeTypeScript = (origin: string, request: GenerationRequestInput): string =>
  `import { createImageonceClient } from 'imageonce/client'

const client = createImageonceClient({
  baseUrl: ${JSON.stringify(origin)},
  token: process.env.TOKEN ?? '',
})

const result = await client.generate(${JSON.stringify(request, null, 2)})

console.log(result.imageUrl, result.error)
`

/** In single quotes nothing has a meaning but their end. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
