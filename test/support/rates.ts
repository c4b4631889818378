import { RATE_CLASS_NAMES } from '../../src/adapters/http/rates/rate-classes.ts'

/** What is too much for nobody, counted all the same: of all classes but these. */
export const highRates = (...except: string[]): string =>
  RATE_CLASS_NAMES.filter((name) => !except.includes(name))
    .map((name) => `${name}=100000000`)
    .join(',')
