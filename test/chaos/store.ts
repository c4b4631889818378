import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { startRadosgw } from '../support/radosgw.ts'
import { createTestBucket, findTestS3 } from '../support/s3-bucket.ts'
import { startS3Proxy } from '../support/s3-proxy.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

export type StoreFault = 'none' | '503' | '429' | '412' | 'truncation' | '1 KB/s'

export type OwnStore = NonNullable<Awaited<ReturnType<typeof startOwnStore>>>

const FAULTY_SHARE = 0.3
const SLOW_BYTES_PER_SECOND = 1_000

/**
 * A bucket on a real S3 server and in front of it what fails: three in ten requests, or all are slow. Undefined where
 * no S3 server is installed.
 */
export const startOwnStore = async (random: () => number) => {
  const shared = findTestS3()
  const server = shared ? { ...shared, stop: async () => {} } : await startRadosgw()
  if (!server) return undefined
  const bucket = await createTestBucket(server)
  let fault: StoreFault = 'none'
  let isFirst = true
  let faults = 0
  const proxy = await startS3Proxy(bucket.endpoint, (incoming, outgoing) => {
    // The first is always struck, so that few are enough.
    if (!strikes(fault, incoming) || !(isFirst || random() < FAULTY_SHARE)) return false
    isFirst = false
    faults++
    if (fault === 'truncation') truncate(bucket.endpoint, incoming, outgoing)
    else refuse(Number(fault), incoming, outgoing)
    return true
  })
  const network = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(proxy.url).port) })

  const setFault = async (next: StoreFault): Promise<void> => {
    fault = next
    isFirst = true
    if (next === '1 KB/s') network.throttle(SLOW_BYTES_PER_SECOND)
    else await network.mend()
  }
  const stop = async (): Promise<void> => {
    await network.close()
    await proxy.close()
    await server.stop()
  }
  const env = {
    S3_ENDPOINT: `http://127.0.0.1:${network.port}`,
    S3_BUCKET: bucket.bucket,
    S3_ACCESS_KEY_ID: bucket.accessKeyId,
    S3_SECRET_ACCESS_KEY: bucket.secretAccessKey,
  }
  return { env, setFault, countFaults: () => faults, stop }
}

const strikes = (fault: StoreFault, { method }: IncomingMessage): boolean =>
  fault !== 'none' && fault !== '1 KB/s' && (fault !== '412' || method === 'PUT')

const refuse = (status: number, incoming: IncomingMessage, outgoing: ServerResponse): void => {
  incoming.resume().on('end', () => outgoing.writeHead(status).end())
}

/** Lets the request have its effect, and breaks off in the middle of the answer. */
const truncate = (target: string, incoming: IncomingMessage, outgoing: ServerResponse): void => {
  const { method, headers, url = '/' } = incoming
  const upstream = request(new URL(url, target), { method, headers, agent: false })
  upstream.on('error', () => outgoing.destroy())
  upstream.on('response', async (answer) => {
    const body = await buffer(answer).catch(() => Buffer.alloc(0))
    const half = body.subarray(0, Math.floor(body.length / 2))
    if (half.length === 0) return outgoing.destroy()
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    outgoing.write(half, () => outgoing.destroy())
  })
  incoming.pipe(upstream)
}
