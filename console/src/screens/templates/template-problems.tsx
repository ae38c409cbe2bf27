import type { TemplatePreview } from '@bulkhead/sdk'
import { AlertIcon } from '../../ui/icons.tsx'
import { cx } from '../../ui/cx.ts'

/** What is wrong with a template, errors first: with an error a message of it is refused. */
export function TemplateProblems({ problems }: { readonly problems: TemplatePreview['problems'] }) {
  if (problems.length === 0) return null
  const sorted = problems.toSorted((one, other) => one.severity.localeCompare(other.severity))
  return (
    <ul className="flex flex-col gap-1 border-b border-line px-4 py-2 text-sm" aria-label="Problems">
      {sorted.map((problem) => (
        <li
          key={`${problem.part} ${problem.code} ${problem.line} ${problem.column} ${problem.message}`}
          className="flex items-start gap-2"
        >
          <AlertIcon
            className={cx('mt-0.5 size-4 shrink-0', problem.severity === 'error' ? 'text-bad' : 'text-warn')}
          />
          <span className="min-w-0 break-words">
            <span className="sr-only">{problem.severity}: </span>
            <span className="text-muted">
              {problem.part}
              {problem.line !== null && `, line ${problem.line}`}
              {problem.column !== null && `, column ${problem.column}`}:
            </span>{' '}
            {problem.message}
          </span>
        </li>
      ))}
    </ul>
  )
}
