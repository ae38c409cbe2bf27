import { useState } from 'react'
import { CopyButton } from '../../ui/copy-button.tsx'
import { cx } from '../../ui/cx.ts'
import type { DialogueLine } from './timeline.ts'

/** What passed between the two servers, for who wants to see it: most do not. `S:` is theirs, `C:` ours. */
export function Dialogue({ lines }: { readonly lines: readonly DialogueLine[] }) {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <details className="mt-1 text-sm" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary className="w-fit cursor-pointer rounded py-0.5 text-muted hover:text-ink">
        Dialogue of the two servers
      </summary>
      {isOpen && (
        <div className="relative mt-1 rounded border border-line bg-raised px-3 py-2">
          <div className="absolute top-1.5 right-1.5">
            <CopyButton text={lines.map(({ text }) => text).join('\n')} />
          </div>
          <table className="font-mono text-xs leading-5">
            <caption className="sr-only">Milliseconds since the connection, and what was said</caption>
            <tbody>
              {lines.map((line, index) => (
                // oxlint-disable-next-line react/no-array-index-key -- lines repeat; their place is what tells them apart
                <tr key={index}>
                  <td className="tabular pr-3 text-right align-top text-muted select-none">
                    {line.afterMs ?? ''}
                  </td>
                  <td
                    className={cx(
                      'break-all whitespace-pre-wrap max-sm:pr-2 sm:pr-24',
                      line.text.startsWith('C: ') && 'text-accent',
                      /^S: [45]/.test(line.text) && 'text-bad',
                    )}
                  >
                    {line.text}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  )
}
