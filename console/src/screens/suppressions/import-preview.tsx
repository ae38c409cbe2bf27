import { oneOf } from '../../search-values.ts'
import { MEANINGS, type Meaning, type Preview } from './csv-preview.ts'

const WORDS: Readonly<Record<Meaning, string>> = {
  email: 'Address',
  reason: 'Reason',
  scope: 'Stops',
  note: 'Note',
  expiresAt: 'Ends',
  ignored: 'Left out',
}
const SHOWN_ROWS = 100

/** The first rows of the file, and above each column what it is taken for. */
export function ImportPreview({
  preview,
  columns,
  onChange,
}: {
  readonly preview: Preview
  readonly columns: readonly Meaning[]
  readonly onChange: (columns: readonly Meaning[]) => void
}) {
  const choose = (at: number, meaning: Meaning): void =>
    onChange(
      columns.map((before, place) =>
        place === at ? meaning : before === meaning && meaning !== 'ignored' ? 'ignored' : before,
      ),
    )
  return (
    <div
      className="max-h-96 overflow-auto rounded-md border border-line"
      tabIndex={0}
      role="region"
      aria-label="The first rows of the file"
    >
      <table className="w-full border-collapse text-xs">
        <thead className="sticky top-0 bg-surface">
          <tr className="border-b border-line text-left">
            <th scope="col" className="px-2 py-2 font-medium text-muted">
              Line
            </th>
            {preview.format === 'jsonl' ? (
              <th scope="col" className="px-2 py-2 font-medium">
                Entry
              </th>
            ) : (
              columns.map((meaning, at) => (
                <th key={at} scope="col" className="px-2 py-2 font-normal">
                  <select
                    aria-label={`What column ${at + 1} is`}
                    value={meaning}
                    onChange={(event) => choose(at, oneOf(MEANINGS, event.target.value) ?? meaning)}
                    className="h-7 rounded-md border border-line-strong bg-surface px-1 text-xs"
                  >
                    {MEANINGS.map((name) => (
                      <option key={name} value={name}>
                        {WORDS[name]}
                      </option>
                    ))}
                  </select>
                  {preview.titles?.[at] !== undefined && (
                    <span className="mt-0.5 block max-w-40 truncate text-muted">{preview.titles[at]}</span>
                  )}
                </th>
              ))
            )}
          </tr>
        </thead>
        <tbody>
          {preview.rows.slice(0, SHOWN_ROWS).map((cells, row) => (
            <tr key={row} className="border-b border-line last:border-b-0">
              <td className="tabular px-2 py-1 text-muted">{row + (preview.titles === null ? 1 : 2)}</td>
              {(preview.format === 'jsonl' ? cells : columns).map((_, at) => (
                <td
                  key={at}
                  className={`max-w-72 truncate px-2 py-1 ${columns[at] === 'ignored' ? 'text-muted line-through decoration-line-strong' : ''}`}
                >
                  {cells[at] ?? ''}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
