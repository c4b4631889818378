/** Bounds that the server enforces and clients may check first, and defaults. */
export const MAX_PROMPT_CHARACTERS = 32_000
export const MAX_IMAGE_BYTES = 10 * 1024 * 1024
export const MAX_IMAGE_PIXELS = 25_000_000
/** A picture of 25 megapixels at 8:1 has 14,142; a webp can have 16,383 at most. */
export const MAX_IMAGE_SIDE = 16_383
export const MAX_VARIANT_CHARACTERS = 100
export const MAX_PAGE_SIZE = 100
export const DEFAULT_PAGE_SIZE = 20
/** Of what is searched for. */
export const MAX_QUERY_CHARACTERS = 200
export const MAX_CURSOR_CHARACTERS = 2_000
export const MAX_TELEMETRY_EVENTS = 100
export const MAX_TELEMETRY_BYTES = 64 * 1024
export const MAX_HOOK_BYTES = 1024 * 1024
/** Of a JSON body without an image. */
export const MAX_BODY_BYTES = 64 * 1024
/** Of a request's images together, in the store: the Gemini API takes 20 MB as base64 with everything. */
export const MAX_IMAGES_BYTES = 14 * 1024 * 1024
/** Of a body with images: so many bytes in base64, and room for the longest words. */
export const MAX_IMAGE_JSON_BYTES = Math.ceil((MAX_IMAGES_BYTES * 4) / 3) + 8 * MAX_BODY_BYTES
/** Of one request; a model may take fewer. */
export const MAX_CONDITION_IMAGES = 14
export const MAX_TURNS = 100
export const MAX_SEED = 2 ** 31 - 1
/** How many pictures one request may ask for. */
export const MAX_PICTURES = 10
/** Of a request by another provider's API: Gemini's takes 20 MB with the images in it (ai.google.dev, "Image understanding"). */
export const MAX_DIALECT_BODY_BYTES = 21 * 1024 * 1024
/** Of JSON: levels, and fields and elements in all. */
export const MAX_JSON_DEPTH = 100
export const MAX_JSON_PARTS = 10_000
export const MAX_ITEM_TITLE_CHARACTERS = 200
export const MAX_ITEM_URL_CHARACTERS = 2_048
export const MAX_ITEM_DATA_BYTES = 8 * 1024
/** What `?w` of an image's URL may be, in pixels. */
export const THUMBNAIL_WIDTHS = [160, 320, 640, 1280] as const
export const THUMBNAIL_FORMATS = ['webp', 'avif'] as const
export const DEFAULT_IMAGE_SIZE = '1K'
/** The longest range of the analytics. */
export const MAX_ANALYTICS_DAYS = 400
export const MAX_WEBHOOK_ENDPOINTS = 20
export const MAX_WEBHOOK_URL_CHARACTERS = 2_048
export const MAX_WEBHOOK_DESCRIPTION_CHARACTERS = 200
