import { useRef, useState } from 'react'
import type { Api } from '../../api/client.ts'
import { describeFailure } from '../../api/problem.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Select } from '../../ui/field.tsx'
import { useMay } from '../../ui/guard.tsx'
import { DownloadIcon } from '../../ui/icons.tsx'
import { JobProgress, type JobState } from '../../ui/job-progress.tsx'
import { Note } from '../../ui/note.tsx'
import { saveBlob } from '../../ui/save-blob.ts'

const FORMATS = ['native', 'ecs'] as const

interface Job {
  readonly state: JobState
  readonly done: number
  readonly total: number | null
  readonly startedAt: string
}

/** Takes the whole log of the workspace out, in parts of a thousand records, with everything that proves it. */
export function AuditExport() {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <>
      <Button onClick={() => setIsOpen(true)} disabledReason={useMay('audit:read')}>
        <DownloadIcon /> Export
      </Button>
      {isOpen && <ExportDialog onClose={() => setIsOpen(false)} />}
    </>
  )
}

function ExportDialog({ onClose }: { readonly onClose: () => void }) {
  const { api } = useSession()
  const [format, setFormat] = useState<(typeof FORMATS)[number]>('native')
  const [job, setJob] = useState<Job>()
  const [failure, setFailure] = useState<string>()
  const ended = useRef(new AbortController())
  const start = async (): Promise<void> => {
    const startedAt = new Date().toISOString()
    ended.current = new AbortController()
    setFailure(undefined)
    setJob({ state: 'running', done: 0, total: null, startedAt })
    try {
      const parts = await takeOut(api, format, ended.current.signal, (done, total) =>
        setJob({ state: 'running', done, total, startedAt }),
      )
      saveBlob(new Blob(parts, { type: 'application/x-ndjson' }), `audit-${startedAt.slice(0, 10)}.ndjson`)
      setJob((before) => before && { ...before, state: 'done', total: before.done })
    } catch (error) {
      const state = ended.current.signal.aborted ? 'cancelled' : 'failed'
      setJob((before) => before && { ...before, state })
      if (state === 'failed') setFailure(describeFailure(error).detail)
    }
  }
  const close = (): void => {
    ended.current.abort()
    onClose()
  }
  return (
    <Dialog title="Export the audit log" onClose={close}>
      <p className="mb-4 text-sm text-muted">
        NDJSON, oldest first, each record with its proof.{' '}
        <code className="font-mono text-xs">bulkhead audit verify</code> checks it without a server.
      </p>
      <Select
        label="Format"
        value={format}
        onChange={(event) => setFormat(FORMATS.find((item) => item === event.target.value) ?? 'native')}
        disabled={job?.state === 'running'}
      >
        <option value="native">Native, for bulkhead audit verify</option>
        <option value="ecs">Elastic Common Schema, for a SIEM</option>
      </Select>
      {job !== undefined && (
        <div className="mt-4">
          <JobProgress
            label="Export"
            {...job}
            unit="records"
            onCancel={() => ended.current.abort()}
            result={job.state === 'done' ? 'The file is in your downloads.' : undefined}
          />
        </div>
      )}
      {failure !== undefined && (
        <div className="mt-4">
          <Note tone="bad">{failure}</Note>
        </div>
      )}
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={close}>Close</Button>
        <Button look="main" onClick={() => void start()} disabled={job?.state === 'running'}>
          {job === undefined ? 'Export' : 'Export again'}
        </Button>
      </div>
    </Dialog>
  )
}

async function takeOut(
  api: Api,
  format: (typeof FORMATS)[number],
  signal: AbortSignal,
  onProgress: (done: number, total: number | null) => void,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const parts: Uint8Array<ArrayBuffer>[] = []
  // Records are numbered without gaps, so that the newest tells how many there are; of an erased one nothing is told.
  const newest = await api.audit.list({ limit: 1 }, { signal })
  const total = newest.data[0]?.number ?? null
  let done = 0
  onProgress(done, total)
  let from: number | null = 0
  while (from !== null) {
    const bytes: Uint8Array = await api.audit.export({ from, format, limit: 1000 }, { signal })
    parts.push(new Uint8Array(bytes))
    const end = endOf(new TextDecoder().decode(bytes), format)
    done += end.entries
    // Records come in meanwhile.
    onProgress(done, total === null ? null : Math.max(done, total))
    from = end.more ? end.next : null
  }
  return parts
}

/** The last line of a part says how many it held and where the next begins. */
function endOf(
  text: string,
  format: (typeof FORMATS)[number],
): { readonly entries: number; readonly more: boolean; readonly next: number | null } {
  const line: unknown = JSON.parse(text.trimEnd().split('\n').at(-1) ?? 'null')
  const end = format === 'native' ? line : memberOf(memberOf(line, 'bulkhead'), 'export')
  const entries = memberOf(end, 'entries')
  const next = memberOf(end, 'next')
  if (typeof entries !== 'number') throw new Error('The export came to no end. Try again.')
  return { entries, more: memberOf(end, 'more') === true, next: typeof next === 'number' ? next : null }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(name)
    : undefined
}
