import { createImageonceClient } from '../src/client.ts'

/** The library that apps use, here under the page's own session. */
export const client = createImageonceClient({ baseUrl: '' })
