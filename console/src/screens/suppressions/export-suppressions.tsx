import { useRef, useState } from 'react'
import { describeFailure } from '../../api/problem.ts'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { JobProgress, type JobState } from '../../ui/job-progress.tsx'
import { Select } from '../../ui/field.tsx'
import { saveBlob } from '../../ui/save-blob.ts'
import { exportSteps } from './export-file.ts'
import type { SuppressionFilter } from './suppressions-queries.ts'

interface Job {
  readonly state: JobState
  readonly done: number
  readonly startedAt: string
  readonly result?: string
}

/** Writes the list, as it is filtered, into a file; the second factor is asked for where it is not fresh. */
export function ExportSuppressions({
  filter,
  onClose,
}: {
  readonly filter: Omit<SuppressionFilter, 'email'>
  readonly onClose: () => void
}) {
  const { api } = useSession()
  const [format, setFormat] = useState<'csv' | 'jsonl'>('csv')
  const [job, setJob] = useState<Job>()
  const stop = useRef<AbortController>(null)
  const run = async (): Promise<void> => {
    const controller = new AbortController()
    stop.current = controller
    const startedAt = new Date().toISOString()
    const parts: string[] = []
    let done = 0
    let erased = 0
    setJob({ state: 'running', done, startedAt })
    try {
      for await (const step of exportSteps(api, filter, format, controller.signal)) {
        parts.push(step.text)
        done += step.entries
        erased += step.erased
        setJob({ state: 'running', done, startedAt })
      }
      saveBlob(
        new Blob(parts, { type: format === 'csv' ? 'text/csv' : 'application/x-ndjson' }),
        `suppressions.${format}`,
      )
      const left = erased === 0 ? '' : ` ${formatCount(erased)} whose address is erased are not in it.`
      setJob({ state: 'done', done, startedAt, result: `The file is among your downloads.${left}` })
    } catch (error) {
      setJob(
        controller.signal.aborted
          ? { state: 'cancelled', done, startedAt, result: 'No file was written.' }
          : { state: 'failed', done, startedAt, result: describeFailure(error).detail },
      )
    }
  }
  const close = (): void => {
    stop.current?.abort()
    onClose()
  }
  const isFiltered = Object.keys(filter).length > 0
  return (
    <Dialog title="Export the suppressions" onClose={close}>
      {job === undefined ? (
        <div className="mb-4">
          <p className="mb-4 text-sm text-muted">
            {isFiltered ? 'Those that the filters show.' : 'All of them.'} The file holds addresses of people
            who do not want mail: keep it accordingly. The export stands in the audit log.
          </p>
          <Select
            label="As"
            value={format}
            onChange={(event) => setFormat(event.target.value === 'jsonl' ? 'jsonl' : 'csv')}
          >
            <option value="csv">CSV, for spreadsheets and other providers</option>
            <option value="jsonl">JSON lines, with the evidence</option>
          </Select>
        </div>
      ) : (
        <div className="mb-4">
          <JobProgress
            label="Export"
            state={job.state}
            done={job.done}
            total={null}
            unit="entries"
            startedAt={job.startedAt}
            onCancel={() => stop.current?.abort()}
            result={job.result}
          />
        </div>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>{job === undefined ? 'Cancel' : 'Close'}</Button>
        {job === undefined && (
          <Button look="main" onClick={() => void run()}>
            Export
          </Button>
        )}
      </div>
    </Dialog>
  )
}
