import type { Attack } from '../attack.ts'
import { matrix } from './matrix.ts'
import { rawHttp } from './raw-http.ts'
import { requests } from './requests.ts'

/** In the order in which they run. */
export const attacks: readonly Attack[] = [matrix, requests, rawHttp]
