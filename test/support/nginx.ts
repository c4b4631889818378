import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { findFreePort } from './free-port.ts'
import { findOnPath } from './programs.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'
import { waitFor } from './wait-for.ts'

export type Nginx = { url: string; stop: () => Promise<void> }

/** An nginx before `target`: nothing but `proxy_pass`, and what `directives` add. */
export const startNginx = async (target: string, directives = ''): Promise<Nginx> => {
  const program = findOnPath('nginx')
  if (!program) throw new Error('there is no nginx')
  const folder = await makeTemporaryFolder('nginx')
  const port = await findFreePort()
  const config = join(folder.path, 'nginx.conf')
  await writeFile(config, configure(folder.path, port, target, directives))
  const child = spawn(program, ['-c', config, '-e', join(folder.path, 'error.log')], {
    stdio: 'ignore',
  })
  const stop = () => end(child).finally(folder.remove)
  try {
    await waitFor(() => isOpen(port), { what: 'nginx' })
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `http://127.0.0.1:${port}`, stop }
}

const configure = (folder: string, port: number, target: string, directives: string) => `
  daemon off;
  master_process off;
  pid ${folder}/nginx.pid;
  events {}
  http {
    access_log off;
    client_body_temp_path ${folder}/body;
    proxy_temp_path ${folder}/proxy;
    fastcgi_temp_path ${folder}/fastcgi;
    uwsgi_temp_path ${folder}/uwsgi;
    scgi_temp_path ${folder}/scgi;
    server {
      listen 127.0.0.1:${port};
      location / {
        proxy_pass ${target};
        ${directives}
      }
    }
  }`

const isOpen = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } finally {
    socket.destroy()
  }
}

const end = async (child: ChildProcess) => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
