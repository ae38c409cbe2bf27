import { JobProgress } from '../../ui/job-progress.tsx'
import { ImportResult } from './import-result.tsx'
import type { ImportJob } from './use-import.ts'

/** How far an import is; its rate is that of this page, which may have gone on with an older one. */
export function ImportProgress({
  job,
  onCancel,
}: {
  readonly job: ImportJob
  readonly onCancel: () => void
}) {
  const { import: found, lines, startedAt, fromLine } = job
  const nextLine = found?.nextLine ?? fromLine
  const seconds = Math.max(0.001, (Date.now() - Date.parse(startedAt)) / 1000)
  return (
    <JobProgress
      label={found?.dryRun === true ? 'Try it out' : 'Import'}
      state={job.state}
      done={Math.min(nextLine - 1, lines ?? Number.POSITIVE_INFINITY)}
      total={lines}
      unit="lines"
      ratePerSecond={(nextLine - fromLine) / seconds}
      startedAt={startedAt}
      onCancel={onCancel}
      result={
        job.problem ??
        (job.state === 'running' || found === null ? undefined : <ImportResult found={found} />)
      }
    />
  )
}
