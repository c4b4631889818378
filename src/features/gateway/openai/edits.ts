import type { Form, FormField } from '../../../adapters/http/form-body.ts'
import { AppError } from '../../../lib/errors.ts'

/** What is asked to be edited: pictures as base64, data URLs, addresses or ids of ours, and what lies over the first of them. */
export type Edit = {
  images: string[]
  overlay?: { kind: Overlay; image: string }
}

type Overlay = 'mask' | 'markup'

/** `image` comes once, several times, or as `image[]`, as clients like it. */
const IMAGE_FIELD = /^image(\[\d*\])?$/

/** A form as it came, in the words of the JSON that means the same. */
export const readForm = ({ fields, files }: Form): { body: object; edit: Edit } => {
  const isImage = ({ name }: FormField) => IMAGE_FIELD.test(name)
  // As text where it is none: a data URL, or the id of a picture of ours.
  const pictures = [
    ...files.map(({ name, bytes }) => ({ name, value: bytes.toString('base64') })),
    ...fields.filter(({ value }) => value !== ''),
  ]
  const images = pictures.filter(isImage).map(({ value }) => toText(value, 'image'))
  const found = OVERLAYS.flatMap((kind) => {
    const picture = pictures.find(({ name }) => name === kind)
    return picture ? [{ kind, image: toText(picture.value, kind) }] : []
  })
  const body = Object.fromEntries(fields.map(({ name, value }) => [name, value]))
  return { body, edit: toEdit(images, found) }
}

/**
 * The same of JSON, where `image` is a text or several, and `images` a list of `{"image_url": …}` (OpenAI API reference, "Create image
 * edit"). Throws `invalid_request`.
 */
export const readJson = (body: unknown): { body: object; edit: Edit } => {
  const fields = typeof body === 'object' && body !== null ? { ...body } : {}
  const said = fields as Record<string, unknown>
  const images = [said.image, said.images].flat().filter((each) => each != null)
  const found = OVERLAYS.flatMap((kind) =>
    said[kind] == null ? [] : [{ kind, image: toText(said[kind], kind) }],
  )
  return {
    body: fields,
    edit: toEdit(
      images.map((each) => toText(each, 'image')),
      found,
    ),
  }
}

const OVERLAYS = ['mask', 'markup'] as const

const toEdit = (images: string[], [overlay, other]: NonNullable<Edit['overlay']>[]): Edit => {
  if (images.length === 0) {
    throw invalid('image', 'is required: the picture to edit, or several')
  }
  if (overlay && other) throw invalid(other.kind, `must not come together with ${overlay.kind}`)
  return { images, ...(overlay && { overlay }) }
}

/** A picture that is somewhere else than in the request. */
export const isAddress = (text: string): boolean => /^https?:/i.test(text)

const toText = (value: unknown, field: string): string => {
  const text =
    typeof value === 'object' && value !== null && 'image_url' in value ? value.image_url : value
  if (typeof text !== 'string' || text === '') {
    throw invalid(field, 'must be base64, a data URL, or {"image_url": "data:…"}')
  }
  if (isAddress(text) && field !== 'image') {
    throw invalid(field, 'must be data, and no address')
  }
  return text
}

const invalid = (field: string, message: string) =>
  new AppError('invalid_request', message, { pointer: `/${field}` })
