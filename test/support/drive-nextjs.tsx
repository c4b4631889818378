import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { renderToPipeableStream } from 'react-dom/server'
import { draw } from '../../examples/nextjs/app/actions'
import { GET } from '../../examples/nextjs/app/api/imageonce-key/route'
import Layout from '../../examples/nextjs/app/layout'
import Page from '../../examples/nextjs/app/page'

/* Calls what Next.js calls of the example: its route handler, its server action and its page. Prints what came of each. */

const key = await (await GET()).text()
const form = new FormData()
form.set('prompt', process.argv[2] ?? '')
const drawn = await draw(null, form)
const out = new PassThrough()
const html = text(out)
renderToPipeableStream(<Layout>{await Page()}</Layout>).pipe(out)
process.stdout.write(JSON.stringify({ key, drawn, html: await html }))
