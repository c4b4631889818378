import type { Config } from './config.ts'

/** Where clients reach the API, as well as that is known where nobody calls: in what webhooks are told. */
export const publicUrlOf = ({ http }: Pick<Config, 'http'>): string => {
  const { publicUrl, host, port } = http
  if (publicUrl) return publicUrl
  // To listen on every address is no address to call.
  const isEveryAddress = host === '0.0.0.0' || host === '::'
  const name = isEveryAddress ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}
