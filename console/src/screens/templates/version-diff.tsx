import { useQuery } from '@tanstack/react-query'
import { diffLines } from 'diff'
import { useMemo } from 'react'
import type { TemplateVersion } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { cx } from '../../ui/cx.ts'
import { Loaded } from '../../ui/listing.tsx'
import { DIALECT_NAMES } from './dialects.ts'
import { templatesQueries } from './templates-queries.ts'

const SHOWN_AROUND = 3

/** What stands in one version and not in the other, line by line: subject, HTML, text, sample data. */
export function VersionDiff({
  templateId,
  before,
  after,
}: {
  readonly templateId: string
  readonly before: number
  readonly after: number
}) {
  const { api } = useSession()
  const old = useQuery(templatesQueries.version(api, templateId, before))
  const young = useQuery(templatesQueries.version(api, templateId, after))
  return (
    <Loaded query={old} label={`version ${before}`}>
      {(from) => (
        <Loaded query={young} label={`version ${after}`}>
          {(to) => <Differences from={from} to={to} />}
        </Loaded>
      )}
    </Loaded>
  )
}

function Differences({ from, to }: { readonly from: TemplateVersion; readonly to: TemplateVersion }) {
  const parts = [
    ['Language', DIALECT_NAMES[from.dialect], DIALECT_NAMES[to.dialect]],
    ['Subject', from.subject, to.subject],
    ['HTML', from.html ?? '', to.html ?? ''],
    ['Text', from.text ?? '', to.text ?? ''],
    ['Sample data', JSON.stringify(from.sampleData, null, 2), JSON.stringify(to.sampleData, null, 2)],
  ] as const
  const changed = parts.filter(([, one, other]) => one !== other)
  if (changed.length === 0) return <p className="p-4 text-sm text-muted">These versions say the same.</p>
  return changed.map(([label, one, other]) => (
    <PartDiff key={label} label={label} before={one} after={other} />
  ))
}

interface Line {
  readonly kind: 'same' | 'added' | 'removed' | 'skipped'
  readonly text: string
  readonly key: string
}

function PartDiff({
  label,
  before,
  after,
}: {
  readonly label: string
  readonly before: string
  readonly after: string
}) {
  const lines = useMemo(() => linesOf(before, after), [before, after])
  return (
    <section aria-label={`Changes of ${label}`} className="border-b border-line last:border-b-0">
      <h3 className="px-4 pt-3 pb-1 text-xs font-semibold text-muted">{label}</h3>
      <div
        className="overflow-x-auto px-4 pb-3"
        tabIndex={0}
        role="group"
        aria-label={`${label}, line by line`}
      >
        <table className="w-full border-collapse font-mono text-xs">
          <tbody>
            {lines.map(({ kind, text, key }) => (
              <tr
                key={key}
                className={cx(
                  kind === 'added' && 'bg-ok-soft text-ok',
                  kind === 'removed' && 'bg-bad-soft text-bad',
                  kind === 'skipped' && 'text-muted',
                )}
              >
                <td className="w-5 px-1 text-center select-none">
                  <span aria-hidden="true">
                    {{ added: '+', removed: '−', same: ' ', skipped: '…' }[kind]}
                  </span>
                  {(kind === 'added' || kind === 'removed') && <span className="sr-only">{kind}</span>}
                </td>
                <td className="py-px whitespace-pre-wrap">{text}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

/** Unchanged lines far from any change are left out and counted. */
function linesOf(before: string, after: string): Line[] {
  const all = diffLines(before, after).flatMap(({ value, added, removed }, block) =>
    value
      .replace(/\n$/, '')
      .split('\n')
      .map((text, at): Line => ({
        kind: added ? 'added' : removed ? 'removed' : 'same',
        text,
        key: `${block} ${at}`,
      })),
  )
  const isNear = all.map((_, at) =>
    all.slice(Math.max(0, at - SHOWN_AROUND), at + SHOWN_AROUND + 1).some(({ kind }) => kind !== 'same'),
  )
  const shown: Line[] = []
  let skipped = 0
  const flush = (key: string): void => {
    if (skipped > 0)
      shown.push({ kind: 'skipped', text: `${skipped} lines are the same`, key: `skipped ${key}` })
    skipped = 0
  }
  for (const [at, line] of all.entries()) {
    if (isNear[at] === true) {
      flush(line.key)
      shown.push(line)
    } else skipped += 1
  }
  flush('end')
  return shown
}
