import type { Attack } from '../attack.ts'
import { connections } from './connections.ts'
import { images } from './images.ts'
import { matrix } from './matrix.ts'
import { rawHttp } from './raw-http.ts'
import { requests } from './requests.ts'
import { spender } from './spender.ts'
import { tokens } from './tokens.ts'
import { webhookAddresses } from './webhook-addresses.ts'

/** In the order in which they run. */
export const attacks: readonly Attack[] = [
  matrix,
  requests,
  rawHttp,
  images,
  tokens,
  connections,
  webhookAddresses,
  spender,
]
