import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { describeFailure } from '../../api/problem.ts'
import type { Api } from '../../api/client.ts'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { JobProgress, type JobState } from '../../ui/job-progress.tsx'

const PART = 500

interface Job {
  readonly state: JobState
  readonly done: number
  readonly total: number | null
  readonly startedAt: string
  readonly problem?: string
}

/** Delivers all that had failed when it began again, in parts, so that it can be watched and stopped. Yields how far it is. */
async function* replay(
  api: Api,
  webhookId: string,
  signal: AbortSignal,
): AsyncGenerator<{ readonly done: number; readonly total: number }> {
  let done = 0
  let until: string | undefined
  for (;;) {
    const part = await api.webhooks.replayFailed(
      webhookId,
      { limit: PART, ...(until === undefined ? {} : { until }) },
      { signal },
    )
    done += part.replayed
    until = part.until
    yield { done, total: done + part.left }
    if (part.left === 0 || part.replayed === 0) return
  }
}

/** The question before it, the progress, and the result. */
export function ReplayFailed({
  webhookId,
  onClose,
}: {
  readonly webhookId: string
  readonly onClose: () => void
}) {
  const { api } = useSession()
  const client = useQueryClient()
  const [job, setJob] = useState<Job>()
  const stop = useRef<AbortController>(null)
  const run = async (): Promise<void> => {
    const controller = new AbortController()
    stop.current = controller
    const startedAt = new Date().toISOString()
    let reached: Pick<Job, 'done' | 'total'> = { done: 0, total: null }
    setJob({ state: 'running', startedAt, ...reached })
    try {
      for await (const step of replay(api, webhookId, controller.signal)) {
        reached = step
        setJob({ state: 'running', startedAt, ...reached })
        if (controller.signal.aborted) break
      }
      setJob({ startedAt, ...reached, state: controller.signal.aborted ? 'cancelled' : 'done' })
    } catch (error) {
      setJob(
        controller.signal.aborted
          ? { startedAt, ...reached, state: 'cancelled' }
          : { startedAt, ...reached, state: 'failed', problem: describeFailure(error).detail },
      )
    }
    await client.invalidateQueries({ queryKey: ['webhooks'] })
  }
  const close = (): void => {
    stop.current?.abort()
    onClose()
  }
  return (
    <Dialog title="Deliver all that failed again" onClose={close}>
      {job === undefined ? (
        <p className="mb-4 text-sm text-muted">
          Every delivery that has failed until now is tried anew, the oldest first, with all its tries. Each
          keeps its webhook-id: a receiver that had it can tell.
        </p>
      ) : (
        <div className="mb-4">
          <JobProgress
            label="Deliver again"
            state={job.state}
            done={job.done}
            total={job.total}
            unit="deliveries"
            startedAt={job.startedAt}
            onCancel={() => stop.current?.abort()}
            result={
              job.state === 'running'
                ? undefined
                : (job.problem ??
                  (job.done === 0
                    ? 'Nothing had failed.'
                    : `${formatCount(job.done)} wait to be delivered; the list shows what becomes of them.`))
            }
          />
        </div>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>{job === undefined ? 'Cancel' : 'Close'}</Button>
        {job === undefined && (
          <Button look="main" onClick={() => void run()}>
            Deliver again
          </Button>
        )}
      </div>
    </Dialog>
  )
}
