import { afterEach, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { createTestBucket, publishBucket, toS3Environment } from '../support/s3-bucket.ts'
import { describeWith } from '../support/skip.ts'

describeWith('s3', 'with images in an S3 store', () => {
  let app: TestApp

  afterEach(() => app.stop())

  const start = async (publicBase = false) => {
    const bucket = await createTestBucket()
    if (publicBase) await publishBucket(bucket)
    app = await startTestApp({
      env: {
        ...toS3Environment(bucket),
        ...(publicBase && { PUBLIC_IMAGE_BASE_URL: `${bucket.endpoint}/${bucket.bucket}` }),
      },
    })
    return createClient(app)
  }

  test('the URL leads to a presigned one, whose answer is the image', async () => {
    const alice = await start()
    const { body } = await alice.generateAndWait({ prompt: 'a bucket' })
    const redirect = await fetch(body.imageUrl, { redirect: 'manual' })
    await redirect.arrayBuffer()
    expect(redirect.status).toBe(302)
    expect(redirect.headers.get('location')).toContain('X-Amz-Signature')
    expect(redirect.headers.get('cache-control')).toBe('private, max-age=1800')
    const image = await fetch(body.imageUrl)
    await image.arrayBuffer()
    expect(image.headers.get('content-type')).toMatch(/^image\//)
  })

  test('the URL leads to the public one where there is one', async () => {
    const alice = await start(true)
    const { body } = await alice.generateAndWait({ prompt: 'a public bucket' })
    const image = await fetch(body.imageUrl)
    await image.arrayBuffer()
    expect(image.redirected).toBe(true)
    expect(image.url).not.toContain('X-Amz')
    expect(image.status).toBe(200)
  })

  test('an upload is a condition image, and deleting it deletes its object', async () => {
    const alice = await start()
    const picture = await alice.generateAndWait({ prompt: 'a pail' })
    const bytes = new Uint8Array(await (await fetch(picture.body.imageUrl)).arrayBuffer())
    const served = await fetch(picture.body.imageUrl)
    await served.arrayBuffer()
    const type = served.headers.get('content-type')
    const upload = await alice.call<{ id: string; imageUrl: string }>('POST', '/api/images', {
      body: bytes,
      headers: { 'content-type': type ?? '' },
    })
    expect(upload.status).toBe(201)
    const conditioned = await alice.generateAndWait({
      prompt: 'a pail of sand',
      conditionImage: upload.body.id,
    })
    expect(conditioned.body.status).toBe('succeeded')
    await alice.call('DELETE', `/api/images/${picture.body.id}`)
    const gone = await fetch(picture.body.imageUrl)
    await gone.arrayBuffer()
    expect(gone.headers.get('imageonce-placeholder')).toBe('true')
  })
})
