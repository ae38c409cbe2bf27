import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { SuppressionImport } from '@bulkhead/sdk'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Facts } from '../../ui/facts.tsx'
import { DownloadIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing, Loaded } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { saveBlob } from '../../ui/save-blob.ts'
import { Time } from '../../ui/time.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { csvLine } from './export-file.ts'
import { ImportState } from './import-list.tsx'
import { ImportProgress } from './import-progress.tsx'
import { FileField } from './import-screen.tsx'
import { REASON_WORDS, SCOPE_WORDS } from './suppression-words.ts'
import { suppressionQueries } from './suppressions-queries.ts'
import { useImport } from './use-import.ts'

/** One import: what it did, what it refused and why, and how to go on with it. */
export function ImportPage({ id }: { readonly id: string }) {
  const { api } = useSession()
  const query = useQuery(suppressionQueries.oneImport(api, id))
  return (
    <Page
      title="Import"
      width="reading"
      back={
        <Link to="/suppressions" search={{ view: 'imports' }} className={linkLook}>
          Imports
        </Link>
      }
    >
      <Loaded query={query} label="the import">
        {(found) => (
          <>
            <Panel title="What it did">
              <Facts
                rows={[
                  ['State', <ImportState key="state" found={found} />],
                  ['Begun', <Time key="at" at={found.createdAt} />],
                  ...(found.finishedAt === null
                    ? []
                    : ([['Over', <Time key="over" at={found.finishedAt} />]] as const)),
                  ['Entries', formatCount(found.entries)],
                  ['New', formatCount(found.added)],
                  ['Stop more than before', formatCount(found.widened)],
                  ['Listed before', formatCount(found.unchanged)],
                  ['Refused', formatCount(found.refused)],
                  [
                    'Where a line does not say',
                    `${REASON_WORDS[found.reason]}${found.scope === null ? '' : `, ${SCOPE_WORDS[found.scope]}`}`,
                  ],
                  ['Columns', found.columns?.join(', ') ?? '–'],
                  ['Id', <code key="id">{found.id}</code>],
                ]}
              />
            </Panel>
            {found.state === 'open' && <GoOn found={found} />}
            <Refusals found={found} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

function GoOn({ found }: { readonly found: SuppressionImport }) {
  const { api } = useSession()
  const mayNot = useAllowed('suppressions:write', 'write')
  const again = useImport()
  const cancel = useAct(() => api.suppressionImports.cancel(found.id), {
    done: 'It takes no more lines.',
    refresh: ['suppressions'],
  })
  return (
    <Panel
      title="It broke off"
      lead={`It waits for line ${formatCount(found.nextLine)}. Choose the same file, and it goes on there; no line is taken twice.`}
      action={
        again.job === undefined && (
          <Button onClick={() => void cancel.run()} disabled={cancel.isBusy} disabledReason={mayNot}>
            Cancel it
          </Button>
        )
      }
    >
      <div className="flex flex-col gap-3 p-4">
        {again.job === undefined ? (
          <FileField onFile={(file) => void again.run(file, found)} isDisabled={mayNot !== undefined} />
        ) : (
          <ImportProgress job={again.job} onCancel={again.cancel} />
        )}
        {cancel.failure !== undefined && (
          <p role="alert" className="text-sm text-bad">
            {cancel.failure}
          </p>
        )}
      </div>
    </Panel>
  )
}

function Refusals({ found }: { readonly found: SuppressionImport }) {
  const { api } = useSession()
  const query = useInfiniteQuery({
    ...suppressionQueries.refusals(api, found.id),
    enabled: found.refused > 0,
  })
  const [isSaving, setIsSaving] = useState(false)
  const save = useAct(async () => {
    setIsSaving(true)
    try {
      const parts = [csvLine(['line', 'problem'])]
      for await (const { line, problem } of api.suppressionImports.listRefusalsAll(found.id, { limit: 100 }))
        parts.push(csvLine([String(line), problem]))
      saveBlob(new Blob(parts, { type: 'text/csv' }), `refused-${found.id}.csv`)
    } finally {
      setIsSaving(false)
    }
  })
  if (found.refused === 0) return null
  return (
    <Panel
      title="Refused lines"
      lead="In our words; nothing of the lines is kept. The first 10,000 stay for 90 days."
      action={
        <Button onClick={() => void save.run()} disabled={isSaving}>
          <DownloadIcon className="size-3.5" />
          {isSaving ? 'Loading…' : 'Download'}
        </Button>
      }
    >
      {save.failure !== undefined && (
        <p role="alert" className="px-4 pt-3 text-sm text-bad">
          {save.failure}
        </p>
      )}
      <Listing query={query} label="refused lines" empty={null}>
        {(rows) => (
          <DataTable
            label="Refused lines"
            rows={rows}
            rowKey={(row) => String(row.line)}
            columns={[
              {
                id: 'line',
                header: 'Line',
                width: 'w-20',
                cell: (row) => <span className="tabular">{formatCount(row.line)}</span>,
              },
              { id: 'problem', header: 'Refused because', cell: (row) => sentenceOf(row.problem) },
            ]}
          />
        )}
      </Listing>
    </Panel>
  )
}

/** Problems speak of the line ("holds no address") or of a part of it ("the reason is …"). */
function sentenceOf(problem: string): string {
  return problem.startsWith('the ') ? `T${problem.slice(1)}.` : `It ${problem}.`
}
