import { createImageonceClient } from 'imageonce/client'

/* What the server has, and no page may import: the keys. */

export const url = process.env.IMAGEONCE_URL ?? 'http://127.0.0.1:3000'
export const operatorKey = process.env.IMAGEONCE_OPERATOR_KEY ?? ''

/** Whoever is signed in, as your sessions say. */
export const findUser = async (): Promise<string> => 'ann'

/** A client that acts for one user, by a key that acts on behalf of owners. */
export const connectFor = (owner: string) =>
  createImageonceClient({ baseUrl: url, token: process.env.IMAGEONCE_KEY ?? '', owner })
