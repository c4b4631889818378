import { Busboy } from '@fastify/busboy'
import type { Request, RequestHandler } from 'express'
import { AppError } from '../../lib/errors.ts'

/** A form as it came: each field and file in its order, of which several may have one name. */
export type Form = { fields: FormField[]; files: FormFile[] }
export type FormField = { name: string; value: string }
export type FormFile = { name: string; bytes: Buffer }

export type FormLimits = {
  totalBytes: number
  fileBytes: number
  fieldBytes: number
  files: number
  fields: number
}

/** Of the headers of one part: a name, a file's name, a type. */
const HEADER_LIMITS = { headerPairs: 20, headerSize: 8 * 1_024 }

/**
 * Parses a `multipart/form-data` body (RFC 7578) into `req.body`, a `Form`: in memory, nothing goes to the disk. What it may take of
 * memory is the bound of bodies (ADR 53), of which `limits` are the form's part. Throws `unsupported_media_type`, `payload_too_large`
 * and `invalid_request`.
 */
export const formBody =
  (limits: FormLimits): RequestHandler =>
  async (req, _res, next) => {
    req.body = await readForm(req, limits)
    next()
  }

/** True for a body that says that it is such a form. */
export const isForm = (req: Request): boolean =>
  /^multipart\/form-data\b/i.test(req.get('Content-Type') ?? '')

const readForm = async (req: Request, limits: FormLimits): Promise<Form> => {
  if (Number(req.get('Content-Length') ?? 0) > limits.totalBytes) throw tooLarge(limits)
  const parser = createParser(req, limits)
  try {
    return await collect(req, parser, limits)
  } catch (error) {
    // What still comes is read and thrown away, so that the client gets to read the answer.
    req.unpipe(parser)
    req.resume()
    throw error
  }
}

const createParser = (req: Request, { fileBytes, fieldBytes, files, fields }: FormLimits) => {
  const contentType = req.get('Content-Type') ?? ''
  if (!isForm(req) || req.get('Content-Encoding') !== undefined) {
    throw new AppError('unsupported_media_type', 'Content-Type must be multipart/form-data.', {
      pointer: 'Content-Type',
    })
  }
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: {
        ...HEADER_LIMITS,
        fileSize: fileBytes,
        fieldSize: fieldBytes,
        files,
        fields,
        parts: files + fields,
      },
    })
  } catch {
    throw malformed('names no boundary')
  }
}

type Parser = ReturnType<typeof createParser>

const collect = (req: Request, parser: Parser, limits: FormLimits): Promise<Form> =>
  new Promise((resolve, reject) => {
    const form: Form = { fields: [], files: [] }
    let totalBytes = 0
    req.on('data', (chunk: Buffer) => {
      totalBytes += chunk.length
      if (totalBytes > limits.totalBytes) reject(tooLarge(limits))
    })
    req.once('error', () => reject(malformed('could not be read')))
    req.once('close', () => {
      if (!req.complete) reject(malformed('could not be read'))
    })
    parser.on('field', (name, value, _isNameCut, isCut) => {
      if (isCut) reject(tooLong(name, limits.fieldBytes))
      form.fields.push({ name, value })
    })
    parser.on('file', (name, stream) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.once('limit', () => reject(tooLong(name, limits.fileBytes)))
      stream.once('error', () => reject(malformed('ends in the middle of a file')))
      stream.once('end', () => form.files.push({ name, bytes: Buffer.concat(chunks) }))
    })
    parser.once('filesLimit', () => reject(malformed(`may have ${limits.files} files at most`)))
    parser.once('fieldsLimit', () => reject(malformed(`may have ${limits.fields} fields at most`)))
    parser.once('partsLimit', () => reject(malformed('has too many parts')))
    parser.once('error', () => reject(malformed('is no whole form')))
    parser.once('finish', () => resolve(form))
    req.pipe(parser)
  })

const tooLarge = ({ totalBytes }: FormLimits) =>
  new AppError('payload_too_large', `The form has more than ${totalBytes} bytes.`)

const tooLong = (name: string, bytes: number) =>
  new AppError('payload_too_large', `must have at most ${bytes} bytes`, { pointer: `/${name}` })

const malformed = (message: string) =>
  new AppError('invalid_request', `The form ${message}.`, { pointer: '' })
