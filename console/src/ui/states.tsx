import { BulkheadError } from '@bulkhead/sdk'
import type { ReactNode } from 'react'
import { describeFailure } from '../api/problem.ts'
import { Button } from './button.tsx'
import { AlertIcon, LockIcon } from './icons.tsx'

/** Nothing is here, and why, and what to do. */
export function Empty({
  icon,
  title,
  children,
}: {
  readonly icon?: ReactNode
  readonly title: string
  readonly children?: ReactNode
}) {
  return (
    <div className="mx-auto flex max-w-md flex-col items-center gap-2 px-6 py-14 text-center">
      {icon !== undefined && <div className="mb-1 text-muted">{icon}</div>}
      <h2 className="text-base font-semibold">{title}</h2>
      <div className="text-sm text-balance text-muted">{children}</div>
    </div>
  )
}

/** A failure in words. A lacking scope is not a failure: it says which one and where to get it. */
export function Failure({
  error,
  onRetry,
  ways,
}: {
  readonly error: unknown
  readonly onRetry?: () => void
  /** What else can be done, beside trying again. */
  readonly ways?: ReactNode
}) {
  if (error instanceof BulkheadError && error.code === 'missing_scope') {
    return (
      <Empty icon={<LockIcon className="size-6" />} title="You may not see this">
        {error.detail} An owner of the workspace can give it to your role or key.
        {ways !== undefined && <Ways>{ways}</Ways>}
      </Empty>
    )
  }
  const { title, detail } = describeFailure(error)
  const isGone = error instanceof BulkheadError && (error.status === 404 || error.status === 410)
  if (isGone)
    return (
      <Empty title={title}>
        {detail}
        {ways !== undefined && <Ways>{ways}</Ways>}
      </Empty>
    )
  return (
    <div role="alert" className="mx-auto flex max-w-md flex-col items-center gap-2 px-6 py-14 text-center">
      <AlertIcon className="size-6 text-bad" />
      <h2 className="text-base font-semibold">{title}</h2>
      <p className="text-sm text-balance break-words text-muted">{detail}</p>
      {(onRetry !== undefined || ways !== undefined) && (
        <Ways>
          {onRetry !== undefined && <Button onClick={onRetry}>Try again</Button>}
          {ways}
        </Ways>
      )}
    </div>
  )
}

function Ways({ children }: { readonly children: ReactNode }) {
  return <div className="mt-2 flex flex-wrap justify-center gap-2">{children}</div>
}

/** Grey lines where rows will be; it appears after a moment, so that a fast answer does not flicker. */
export function LoadingRows({ rows = 6, label }: { readonly rows?: number; readonly label: string }) {
  return (
    <div role="status" className="loading-late">
      <span className="sr-only">{label}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex flex-col gap-2 border-b border-line px-4 py-3.5" aria-hidden="true">
          <div className="h-2.5 w-2/5 rounded bg-raised" />
          <div className="h-2.5 w-4/5 rounded bg-raised" />
        </div>
      ))}
    </div>
  )
}
