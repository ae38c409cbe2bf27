import { Link } from '@tanstack/react-router'
import { useState, type DragEvent } from 'react'
import { formatBytes, formatCount } from '../../format.ts'
import { oneOf } from '../../search-values.ts'
import { Button } from '../../ui/button.tsx'
import { cx } from '../../ui/cx.ts'
import { Select } from '../../ui/field.tsx'
import { linkLook } from '../../ui/link.ts'
import { Note } from '../../ui/note.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { previewOf, type Meaning, type Preview } from './csv-preview.ts'
import { ImportPreview } from './import-preview.tsx'
import { ImportProgress } from './import-progress.tsx'
import { REASON_WORDS, SCOPE_WORDS } from './suppression-words.ts'
import { REASONS, SCOPES, type Reason, type Scope } from './suppressions-search.ts'
import { useImport } from './use-import.ts'

/** Enough for a hundred rows, however long; a file is never read whole into memory. */
const PREVIEW_BYTES = 512 * 1024

interface Chosen {
  readonly file: File
  readonly preview: Preview
}

/** Brings a file of addresses onto the list: look at it, say what its columns are, try it out, run it. */
export function ImportScreen() {
  const mayNot = useAllowed('suppressions:write', 'write')
  const [chosen, setChosen] = useState<Chosen>()
  const [columns, setColumns] = useState<readonly Meaning[]>([])
  const [reason, setReason] = useState<Reason>('manual')
  const [scope, setScope] = useState<Scope | ''>('')
  const trial = useImport()
  const real = useImport()
  const take = (file: File): void => {
    trial.reset()
    real.reset()
    void file
      .slice(0, PREVIEW_BYTES)
      .text()
      .then((begin) => {
        const preview = previewOf(file.name, begin, file.size <= PREVIEW_BYTES)
        setColumns(preview.guess)
        setChosen({ file, preview })
      })
  }
  const isBusy = trial.job?.state === 'running' || real.job?.state === 'running'
  const start = (dryRun: boolean): void => {
    if (chosen === undefined) return
    void (dryRun ? trial : real).run(chosen.file, {
      format: chosen.preview.format,
      dryRun,
      reason,
      ...(scope === '' ? {} : { scope }),
      ...(chosen.preview.format === 'csv' ? { columns } : {}),
    })
  }
  const lacks =
    mayNot ??
    (chosen?.preview.rows.length === 0
      ? 'The file holds no rows.'
      : chosen?.preview.format === 'csv' && !columns.includes('email')
        ? 'Say which column holds the addresses.'
        : undefined)
  const hasBegun = real.job !== undefined
  return (
    <Page
      title="Import suppressions"
      lead="A file of addresses that shall get no mail: from another provider, or from your own records."
      width="reading"
      back={
        <Link to="/suppressions" search={{ view: 'imports' }} className={linkLook}>
          Imports
        </Link>
      }
    >
      <Panel title="1. The file">
        <div className="p-4">
          <FileField onFile={take} isDisabled={isBusy} />
          {chosen !== undefined && (
            <p className="mt-2 text-sm">
              <span className="font-medium break-all">{chosen.file.name}</span>{' '}
              <span className="text-muted">{formatBytes(chosen.file.size)}</span>
            </p>
          )}
        </div>
      </Panel>
      {chosen !== undefined && (
        <>
          <Panel
            title="2. What is in it"
            lead={
              chosen.preview.format === 'jsonl'
                ? 'JSON lines: an object or an address on each.'
                : `The first ${formatCount(chosen.preview.rows.length)} rows. Say what each column is; what is left out is not kept.`
            }
          >
            <div className="flex flex-col gap-4 p-4">
              <ImportPreview preview={chosen.preview} columns={columns} onChange={setColumns} />
              <div className="grid gap-4 sm:grid-cols-2">
                <Select
                  label="Why, where a line does not say"
                  value={reason}
                  disabled={isBusy || hasBegun}
                  onChange={(event) => setReason(oneOf(REASONS, event.target.value) ?? reason)}
                >
                  {REASONS.map((name) => (
                    <option key={name} value={name}>
                      {REASON_WORDS[name]}
                    </option>
                  ))}
                </Select>
                <Select
                  label="What is stopped, where a line does not say"
                  value={scope}
                  disabled={isBusy || hasBegun}
                  onChange={(event) => setScope(oneOf(SCOPES, event.target.value) ?? '')}
                >
                  <option value="">by the reason</option>
                  {SCOPES.map((name) => (
                    <option key={name} value={name}>
                      {SCOPE_WORDS[name]}
                    </option>
                  ))}
                </Select>
              </div>
            </div>
          </Panel>
          <Panel
            title="3. Run it"
            lead="Lines that cannot be taken are refused with their number, and the rest goes on. Trying it out changes nothing."
          >
            <div className="flex flex-col gap-4 p-4">
              {!hasBegun && (
                <div className="flex flex-wrap gap-2">
                  <Button onClick={() => start(true)} disabled={isBusy} disabledReason={lacks}>
                    Try it out
                  </Button>
                  <Button look="main" onClick={() => start(false)} disabled={isBusy} disabledReason={lacks}>
                    Import
                  </Button>
                </div>
              )}
              {trial.job !== undefined && <ImportProgress job={trial.job} onCancel={trial.cancel} />}
              {real.job !== undefined && <ImportProgress job={real.job} onCancel={real.cancel} />}
              {isBusy && (
                <Note tone="info">
                  Keep this page open. An import that broke off goes on with the same file, from the line
                  where it was.
                </Note>
              )}
              {real.job !== undefined && real.job.state !== 'running' && (
                <p className="text-sm">
                  <Link to="/suppressions" className={linkLook}>
                    See the list
                  </Link>
                </p>
              )}
            </div>
          </Panel>
        </>
      )}
    </Page>
  )
}

/** A place to drop a file, and the browser's own field for it. */
export function FileField({
  onFile,
  isDisabled,
}: {
  readonly onFile: (file: File) => void
  readonly isDisabled: boolean
}) {
  const [isOver, setIsOver] = useState(false)
  const drop = (event: DragEvent): void => {
    event.preventDefault()
    setIsOver(false)
    const file = event.dataTransfer.files[0]
    if (file !== undefined && !isDisabled) onFile(file)
  }
  return (
    <label
      onDragOver={(event) => {
        event.preventDefault()
        setIsOver(true)
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
      className={cx(
        'flex flex-col items-center gap-2 rounded-md border border-dashed px-4 py-6 text-center text-sm',
        isOver ? 'border-accent bg-accent-soft' : 'border-line-strong',
      )}
    >
      <span className="font-medium">Drop a file here, or choose one</span>
      <span className="text-xs text-muted">CSV, one address on each line, or JSON lines; of any length</span>
      <input
        type="file"
        accept=".csv,.txt,.tsv,.jsonl,.ndjson,text/csv,text/plain"
        disabled={isDisabled}
        aria-label="File of addresses"
        onChange={(event) => {
          const file = event.target.files?.[0]
          if (file !== undefined) onFile(file)
        }}
        className="max-w-full text-xs file:mr-3 file:h-8 file:cursor-pointer file:rounded-md file:border file:border-solid file:border-line-strong file:bg-surface file:px-3 file:text-sm file:text-ink"
      />
    </label>
  )
}
