import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { parseAllDocuments } from 'yaml'
import { settingDescriptions } from '../../src/app/setting-descriptions.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'

const FOLDER = 'ops/kubernetes'

type Manifest = { apiVersion: string; kind: string; metadata: { name: string } }

let manifests: { file: string; manifest: Manifest }[]
let kustomization: { resources: string[]; configMapGenerator: { name: string }[] } & Record<
  string,
  unknown
>
beforeAll(async () => {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml'))
  const read = files.map(async (file) => {
    const documents = parseAllDocuments(await readFile(join(FOLDER, file), 'utf8'))
    return documents.map((document) => ({ file, manifest: document.toJS() as Manifest }))
  })
  const all = (await Promise.all(read)).flat()
  kustomization = all.find(({ file }) => file === 'kustomization.yaml')?.manifest as never
  manifests = all.filter(({ file }) => file !== 'kustomization.yaml')
})

/** Where a kind's schema is, in `kubernetes-models` or for KEDA's in `@kubernetes-models/keda`. */
const moduleOf = ({ apiVersion, kind }: Manifest): string =>
  apiVersion.startsWith('keda.sh/')
    ? `@kubernetes-models/keda/${apiVersion}/${kind}`
    : `kubernetes-models/${apiVersion}/${kind}`

describe('the manifests for Kubernetes', () => {
  test('hold to the schemas of their kinds', async () => {
    expect(manifests.length).toBeGreaterThan(8)
    for (const { manifest } of manifests) {
      const { [manifest.kind]: Model } = await import(moduleOf(manifest))
      expect(() => new Model(manifest).validate()).not.toThrow()
    }
  })

  test('have no field that their kinds have not', async () => {
    const folder = await makeTemporaryFolder('kubernetes')
    const lines = manifests.flatMap(({ manifest }, index) => [
      `import type { I${manifest.kind} as Kind${index} } from '${moduleOf(manifest)}'`,
      `export const manifest${index}: Kind${index} = ${JSON.stringify(manifest)}`,
    ])
    const modules = resolve('node_modules')
    await mkdir(join(folder.path, 'src'))
    await writeFile(join(folder.path, 'src/manifests.ts'), lines.join('\n'))
    await writeFile(
      join(folder.path, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          ...{ module: 'nodenext', noEmit: true, skipLibCheck: true, strict: true, types: [] },
          paths: {
            'kubernetes-models/*': [`${modules}/kubernetes-models/*`],
            '@kubernetes-models/*': [`${modules}/@kubernetes-models/*`],
          },
        },
        include: ['src'],
      }),
    )
    const tsc = resolve('node_modules/.bin/tsc')
    const said = await promisify(execFile)(tsc, ['-p', folder.path])
      .then(
        () => '',
        ({ stdout }: { stdout: string }) => stdout,
      )
      .finally(folder.remove)
    expect(said).toBe('')
  })

  test('are all listed, but for the one that needs KEDA', async () => {
    const files = [...new Set(manifests.map(({ file }) => file))]
    expect([...kustomization.resources, 'keda.yaml'].sort()).toEqual(files.sort())
  })

  test('take their settings and secrets from what is generated, and know every one', async () => {
    const generated = ['imageonce-secrets', 'imageonce-settings']
    const named = [
      ...JSON.stringify(manifests).matchAll(/(?:configMap|secret)Ref":\{"name":"([\w-]+)"/g),
    ]
    expect([...new Set(named.map(([, name]) => name))].sort()).toEqual(generated)
    const known = new Set(Object.keys(settingDescriptions))
    for (const file of ['settings.env', 'secrets.env.example']) {
      const text = await readFile(join(FOLDER, file), 'utf8')
      const names = [...text.matchAll(/^([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name ?? '')
      expect(names.length).toBeGreaterThan(4)
      expect(names.filter((name) => !known.has(name))).toEqual([])
    }
  })

  test('let no pod be root, write its own files or gain anything, and bound its memory', () => {
    const pods = manifests.flatMap(({ manifest }) => {
      const { spec } = manifest as unknown as { spec?: { template?: { spec?: PodSpec } } }
      return spec?.template?.spec ? [spec.template.spec] : []
    })
    expect(pods).toHaveLength(3)
    for (const pod of pods) {
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true })
      expect(pod.containers[0]).toMatchObject({
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        resources: { limits: { memory: expect.stringMatching(/^\d+[MG]i$/) } },
      })
    }
  })
})

type PodSpec = { securityContext: object; containers: object[] }
