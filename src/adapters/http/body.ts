import express, { type RequestHandler } from 'express'
import { MAX_HOOK_BYTES, MAX_IMAGE_BYTES, MAX_TELEMETRY_BYTES } from '../../contract/limits.ts'
import { imageMimeTypeSchema } from '../../contract/vocabulary.ts'
import { AppError } from '../../lib/errors.ts'

/** The largest image in base64, and room for the other fields. */
const MAX_JSON_BYTES = Math.ceil((MAX_IMAGE_BYTES * 4) / 3) + 64 * 1024

/** Parses a JSON body; anything else is `unsupported_media_type`. */
export const jsonBody = (): RequestHandler[] => [
  requireContentType(['application/json'], 'application/json'),
  express.json({ limit: MAX_JSON_BYTES, strict: false }),
]

/** Parses a small JSON body that may call itself text, as `navigator.sendBeacon` sends it across origins. */
export const beaconBody = (): RequestHandler[] => [
  requireContentType(['application/json', 'text/plain'], 'application/json or text/plain'),
  express.json({ limit: MAX_TELEMETRY_BYTES, strict: false, type: () => true }),
]

/** Takes JSON as it was sent, to the byte: a signature is of these. */
export const signedBody = (): RequestHandler[] => [
  requireContentType(['application/json'], 'application/json'),
  express.raw({ limit: MAX_HOOK_BYTES, type: () => true }),
]

/** Takes an image as the whole body. */
export const imageBody = (): RequestHandler[] => [
  requireContentType(imageMimeTypeSchema.options, imageMimeTypeSchema.options.join(', ')),
  express.raw({ limit: MAX_IMAGE_BYTES, type: () => true }),
]

const requireContentType =
  (types: readonly string[], expected: string): RequestHandler =>
  (req, _res, next) => {
    const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
    if (!types.includes(type)) {
      throw new AppError('unsupported_media_type', `Content-Type must be ${expected}.`, {
        pointer: 'Content-Type',
      })
    }
    next()
  }
