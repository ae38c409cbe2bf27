import type { ReactNode } from 'react'
import { CopyButton } from './copy-button.tsx'
import { Note } from './note.tsx'

/** A secret that is shown this once: it is stored nowhere in a form that can be shown again. */
export function SecretOnce({
  label,
  secret,
  hint,
}: {
  readonly label: string
  readonly secret: string
  readonly hint?: ReactNode
}) {
  return (
    <Note tone="warn" title={`${label}: copy it now`}>
      <p className="mb-2">It is shown this once and cannot be read again. {hint}</p>
      <div className="flex flex-wrap items-center gap-2">
        <code
          className="min-w-0 flex-1 rounded border border-line bg-surface px-2 py-1.5 font-mono text-xs break-all text-ink"
          data-testid="secret"
        >
          {secret}
        </code>
        <CopyButton text={secret} what={label} />
      </div>
    </Note>
  )
}
