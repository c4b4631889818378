import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { messageOf } from '../../src/lib/errors.ts'
import { findFreePort } from './free-port.ts'
import { findOnPath } from './programs.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'

type Radosgw = {
  endpoint: string
  accessKeyId: string
  secretAccessKey: string
  stop(): Promise<void>
}

const PROGRAMS = ['monmaptool', 'ceph', 'ceph-mon', 'ceph-osd', 'radosgw-admin', 'radosgw']
const START_TIMEOUT_MS = 60_000

/**
 * Ceph's S3 server on a free loopback port, its objects in memory (Debian: `apt install --no-install-recommends
 * radosgw ceph-mon ceph-osd`). Undefined where it is not installed. Takes about a second.
 */
export const startRadosgw = async (): Promise<Radosgw | undefined> => {
  if (!PROGRAMS.every(findOnPath)) return undefined
  const folder = await makeTemporaryFolder('radosgw')
  const children: ChildProcess[] = []
  const stop = async () => {
    await Promise.all(children.map(kill))
    await folder.remove()
  }
  try {
    return { ...(await start(folder.path, children)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Nothing it holds outlives a test run, so it is not asked to save anything. */
const kill = async (child: ChildProcess) => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

const start = async (directory: string, children: ChildProcess[]) => {
  const [port, monitorPort] = [await findFreePort(), await findFreePort()]
  const clusterId = randomUUID()
  const osdId = randomUUID()
  const configPath = join(directory, 'ceph.conf')
  const signal = AbortSignal.timeout(START_TIMEOUT_MS)
  const options = { env: { ...process.env, CEPH_CONF: configPath }, signal }
  const run = (program: string, ...args: string[]) =>
    untilPermitted(() => promisify(execFile)(program, args, options))
  const keepRunning = (program: string, ...args: string[]) => {
    children.push(spawn(program, ['-f', ...args], { env: options.env, stdio: 'ignore' }))
  }

  await Promise.all(['mon', 'osd', 'rgw', 'log', 'run'].map((name) => mkdir(join(directory, name))))
  await writeFile(configPath, cephConfig({ directory, clusterId, port, monitorPort }))

  const monitorMap = join(directory, 'monmap')
  const monitorAddress = `[v1:127.0.0.1:${monitorPort}]`
  await run(
    'monmaptool',
    '--create',
    '--fsid',
    clusterId,
    '--addv',
    'a',
    monitorAddress,
    monitorMap,
  )
  await run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', monitorMap)
  keepRunning('ceph-mon', '-i', 'a')

  await run('ceph', 'osd', 'new', osdId, '0')
  await run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osdId)
  await run('ceph', 'osd', 'crush', 'add', 'osd.0', '1.0', 'root=default', 'host=localhost')
  keepRunning('ceph-osd', '-i', '0')
  await until(async () => / 1 up/.test((await run('ceph', 'osd', 'stat')).stdout), signal)

  const keys = { accessKeyId: 'test-key', secretAccessKey: 'test-secret' }
  await run(
    'radosgw-admin',
    ...['-n', 'client.rgw', 'user', 'create', '--uid=test', '--display-name=test'],
    ...[`--access-key=${keys.accessKeyId}`, `--secret-key=${keys.secretAccessKey}`],
  )
  keepRunning('radosgw', '-n', 'client.rgw')
  const endpoint = `http://127.0.0.1:${port}`
  await until(() => answers(endpoint), signal)
  return { endpoint, ...keys }
}

/** Ceph's clients at times ask before they know the cluster's id, and are refused; to repeat it is safe. */
const untilPermitted = async <T>(run: () => Promise<T>): Promise<T> => {
  try {
    return await run()
  } catch (error) {
    if (messageOf(error).includes('EPERM')) return untilPermitted(run)
    throw error
  }
}

const until = async (isTrue: () => Promise<boolean>, signal: AbortSignal): Promise<void> => {
  while (!(await isTrue())) await delay(50, undefined, { signal })
}

const answers = async (url: string): Promise<boolean> => {
  try {
    await (await fetch(url)).arrayBuffer()
    return true
  } catch {
    return false
  }
}

type ClusterOptions = { directory: string; clusterId: string; port: number; monitorPort: number }

const cephConfig = ({ directory, clusterId, port, monitorPort }: ClusterOptions): string => `
[global]
fsid = ${clusterId}
mon_host = [v1:127.0.0.1:${monitorPort}]
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
public_network = 127.0.0.0/8
ms_bind_msgr2 = false
admin_socket =
run_dir = ${directory}/run
log_file = ${directory}/log/$name.log
# One second by default, waited out at every change of the cluster: a start of 14 s instead of one.
paxos_propose_interval = 0.01
paxos_min_wait = 0.01
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
# Else the OSD asks the monitor at its start for what is done here already, now and then too early (EPERM), and dies.
osd_crush_update_on_start = false
osd_class_update_on_start = false
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 2000
[mon.a]
mon_data = ${directory}/mon
mon_cluster_log_file = ${directory}/log/cluster.log
[osd.0]
osd_data = ${directory}/osd
osd_objectstore = memstore
memstore_device_bytes = 1073741824
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:${port}
rgw_data = ${directory}/rgw
rgw_relaxed_region_enforcement = true
`
