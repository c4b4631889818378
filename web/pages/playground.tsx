import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { ServerInfo } from '../../src/contract/server-info.ts'
import { Card } from '../parts/card.tsx'
import { CodeBlock } from '../parts/code-block.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { type Draft, fitDraft, formatDraft, parseDraft, toRequest } from '../playground/draft.ts'
import { RequestForm } from '../playground/request-form.tsx'
import { Result } from '../playground/result.tsx'
import { writeCurl, writeGoogle, writeOpenai, writeTypeScript } from '../playground/snippets.ts'
import { useRun } from '../playground/use-run.ts'
import { useResource } from '../use-resource.ts'

/** Makes an image by hand, shows how it comes about, and the code for the same. */
export const Playground = () => {
  const { value: info, error } = useResource<ServerInfo>('/api/info')
  return (
    <Page title="Playground" about="Ask for an image, and watch how it comes about.">
      {error && <Notice tone="bad">{error.message}</Notice>}
      {info && <Bench info={info} />}
    </Page>
  )
}

const Bench = ({ info }: { info: ServerInfo }) => {
  const { query, route } = useLocation()
  const [written, setWritten] = useState(() => parseDraft(query))
  const draft = fitDraft(info, written)
  const { run, start } = useRun()
  const address = `/playground?${formatDraft(draft)}`

  const runDraft = () => {
    route(address, true)
    void start(toRequest(draft))
  }

  return (
    <div class="playground">
      <RequestForm
        info={info}
        draft={draft}
        isRunning={run?.isRunning ?? false}
        onChange={(change) => setWritten((before) => ({ ...before, ...change }))}
        onRun={runDraft}
      />
      <Result run={run} onRun={start} />
      <Snippets info={info} draft={draft} address={location.origin + address} />
    </div>
  )
}

type SnippetsProps = { info: ServerInfo; draft: Draft; address: string }

const Snippets = ({ info, draft, address }: SnippetsProps) => {
  const request = toRequest(draft)
  const { origin } = location
  const asked = { ...request, model: request.model ?? info.defaultModel }
  const bySdks = [
    { name: 'OpenAI SDK', code: writeOpenai(origin, asked) },
    { name: 'Google SDK', code: writeGoogle(origin, asked) },
  ]
  return (
    <Card
      title="The same from your code"
      actions={<CopyButton text={address} name="Copy link" label="Copy a link to this request" />}
    >
      <Tabs
        label="Language"
        tabs={[
          {
            name: 'curl',
            content: <CodeBlock code={writeCurl(origin, request)} label="curl line" />,
          },
          {
            name: 'TypeScript',
            content: <CodeBlock code={writeTypeScript(origin, request)} label="TypeScript" />,
          },
          ...bySdks.flatMap(({ name, code }) =>
            code ? [{ name, content: <CodeBlock code={code} label={name} /> }] : [],
          ),
        ]}
      />
      <p class="field-hint">
        <code>TOKEN</code> is what your app signs in with; the same owner’s answers are the same
        images.
      </p>
    </Card>
  )
}
