import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { SuppressionImport, SuppressionImportsStartInput } from '@bulkhead/sdk'
import { describeFailure } from '../../api/problem.ts'
import { useSession } from '../../session/session.ts'
import type { JobState } from '../../ui/job-progress.tsx'
import { countLines, sendFile } from './import-file.ts'

const LEFT = 'left'

export interface ImportJob {
  readonly state: JobState
  /** Null until the server has begun it. */
  readonly import: SuppressionImport | null
  /** Of the file. */
  readonly lines: number | null
  readonly startedAt: string
  /** The line at which it was when this page began with it. */
  readonly fromLine: number
  readonly problem?: string
}

export interface ImportRun {
  readonly job: ImportJob | undefined
  /** Begins a new import, or goes on with one that broke off. */
  readonly run: (file: File, what: SuppressionImportsStartInput | SuppressionImport) => Promise<void>
  /** Takes no more lines; what was taken stays. */
  readonly cancel: () => void
  readonly reset: () => void
}

/** Sends a file to the server as long as the page is open. */
export function useImport(): ImportRun {
  const { api } = useSession()
  const client = useQueryClient()
  const [job, setJob] = useState<ImportJob>()
  const stop = useRef<AbortController>(null)
  // Whoever leaves the page stops the sending, not the import: it goes on with the same file.
  useEffect(() => () => stop.current?.abort(LEFT), [])
  const run = useCallback(
    async (file: File, what: SuppressionImportsStartInput | SuppressionImport): Promise<void> => {
      const controller = new AbortController()
      stop.current = controller
      let reached: ImportJob = {
        state: 'running',
        import: null,
        lines: null,
        startedAt: new Date().toISOString(),
        fromLine: 1,
      }
      const tell = (change: Partial<ImportJob>): void => {
        reached = { ...reached, ...change }
        setJob(reached)
      }
      tell({})
      try {
        tell({ lines: await countLines(file, controller.signal) })
        const begun =
          'id' in what ? what : await api.suppressionImports.start(what, { signal: controller.signal })
        tell({ import: begun, fromLine: begun.nextLine, startedAt: new Date().toISOString() })
        for await (const state of sendFile(api, begun, file, controller.signal)) tell({ import: state })
        tell({ state: reached.import?.state === 'done' ? 'done' : 'cancelled' })
      } catch (error) {
        if (controller.signal.reason === LEFT) return
        if (controller.signal.aborted) {
          const open = reached.import
          const ended = open === null ? null : await api.suppressionImports.cancel(open.id).catch(() => open)
          tell({ state: 'cancelled', import: ended })
        } else tell({ state: 'failed', problem: describeFailure(error).detail })
      }
      await client.invalidateQueries({ queryKey: ['suppressions'] })
    },
    [api, client],
  )
  const cancel = useCallback(() => stop.current?.abort(), [])
  const reset = useCallback(() => setJob(undefined), [])
  return { job, run, cancel, reset }
}
