import { useState } from 'react'
import { describeFailure } from '../../api/problem.ts'
import { Button } from '../../ui/button.tsx'
import { CodeBlock } from '../../ui/code-block.tsx'
import { DownloadIcon } from '../../ui/icons.tsx'
import { Panel } from '../../ui/panel.tsx'
import { saveBlob } from '../../ui/save-blob.ts'

const SHOWN_CHARS = 100_000

/** A report as it came. It was written by strangers: it is shown as text and loaded only when somebody asks. */
export function ReportSource({
  name,
  load,
}: {
  /** Of the file that is saved. */
  readonly name: string
  readonly load: (signal: AbortSignal) => Promise<Uint8Array>
}) {
  const [bytes, setBytes] = useState<Uint8Array>()
  const [problem, setProblem] = useState<string>()
  const [isBusy, setIsBusy] = useState(false)
  const open = (): void => {
    setIsBusy(true)
    setProblem(undefined)
    load(AbortSignal.timeout(30_000))
      .then(setBytes, (error: unknown) => setProblem(describeFailure(error).detail))
      .finally(() => setIsBusy(false))
  }
  const text = bytes === undefined ? undefined : new TextDecoder().decode(bytes)
  return (
    <Panel
      title="As it came"
      lead="With its envelope. Written by strangers: treat links and attachments as in any mail."
      action={
        bytes === undefined ? (
          <Button onClick={open} disabled={isBusy}>
            {isBusy ? 'Loading…' : 'Show'}
          </Button>
        ) : (
          <Button
            onClick={() => saveBlob(new Blob([Uint8Array.from(bytes)], { type: 'message/rfc822' }), name)}
          >
            <DownloadIcon className="size-3.5" />
            Download
          </Button>
        )
      }
    >
      {(text !== undefined || problem !== undefined) && (
        <div className="p-4">
          {problem !== undefined && (
            <p role="alert" className="text-sm text-bad">
              {problem}
            </p>
          )}
          {text !== undefined && (
            <CodeBlock label="The report" shown={text.slice(0, SHOWN_CHARS)} copied={text} />
          )}
          {text !== undefined && text.length > SHOWN_CHARS && (
            <p className="mt-2 text-xs text-muted">The rest is in the download.</p>
          )}
        </div>
      )}
    </Panel>
  )
}
