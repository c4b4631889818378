import type { Mount } from '../mounts.ts'

type Media = { example?: unknown; schema?: unknown }
type Document = {
  paths: Record<string, Record<string, { requestBody?: { content: Record<string, Media> } }>>
}

/** The bodies that the server's own document gives as examples, so that a request gets as far as its route. */
export const readExamples = async (url: string) => {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as Document
  return {
    bodyOf: (
      { method, path }: Mount,
      picture: Buffer,
    ): { type: string; body: string | Buffer | undefined } => {
      const content = paths[path]?.[method]?.requestBody?.content ?? {}
      const [type = 'application/json', media] = Object.entries(content)[0] ?? []
      if (type.startsWith('image/')) return { type: 'image/png', body: picture }
      if (!media) return { type, body: undefined }
      // An example that ends somebody's sessions ends nobody's of ours.
      const body = JSON.stringify(media.example ?? {}).replaceAll('"alice"', '"an example"')
      return { type, body }
    },
  }
}
