import type { ServerInfo } from '../../contract/server-info.ts'
import { useResource } from '../use-resource.ts'

export const Overview = () => {
  const { value: info, error } = useResource<ServerInfo>('/api/info')
  return (
    <section>
      <h1>Overview</h1>
      {error && (
        <p role="alert" class="problem">
          {error.message}
        </p>
      )}
      {info && (
        <p>
          {info.name} {info.version}: {info.provider}, {info.defaultModel}
        </p>
      )}
    </section>
  )
}
