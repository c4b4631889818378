import type { Image } from '../contract/image.ts'
import type { Transport } from './transport.ts'

export type UploadOptions = {
  /** Its media type, where the bytes do not say it. */
  type?: string
  signal?: AbortSignal | undefined
}

type Bytes = Uint8Array<ArrayBuffer>

const START_BYTES = 12

/** Uploads a picture; equal bytes are one image, so it is safe to repeat. */
export const createUpload =
  (transport: Transport, remember: (image: Image) => void) =>
  async (
    content: Uint8Array | ArrayBuffer | Blob,
    { type, signal }: UploadOptions = {},
  ): Promise<Image> => {
    const body = content instanceof Blob ? content : (new Uint8Array(content) as Bytes)
    const image = await transport.send<Image>('/api/images', {
      method: 'POST',
      headers: { 'Content-Type': type ?? (await recognizeType(body)) },
      body,
      signal,
    })
    remember(image)
    return image
  }

/** The media type that the first bytes say, of those that the server takes; `application/octet-stream` else. */
export const recognizeType = async (body: Uint8Array | Blob): Promise<string> => {
  if (body instanceof Blob && body.type) return body.type
  const start =
    body instanceof Blob ? new Uint8Array(await body.slice(0, START_BYTES).arrayBuffer()) : body
  const text = String.fromCharCode(...start.subarray(0, START_BYTES))
  if (text.startsWith('\x89PNG')) return 'image/png'
  if (text.startsWith('\xff\xd8')) return 'image/jpeg'
  return text.startsWith('RIFF') && text.endsWith('WEBP')
    ? 'image/webp'
    : 'application/octet-stream'
}
