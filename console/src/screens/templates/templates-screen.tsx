import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { Template } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Guard, useMay } from '../../ui/guard.tsx'
import { PlusIcon, TemplateIcon } from '../../ui/icons.tsx'
import { Listing } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { SearchBox } from '../../ui/search-box.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { DIALECT_NAMES } from './dialects.ts'
import { NewTemplate } from './new-template.tsx'
import { templatesQueries } from './templates-queries.ts'

/** The templates of the workspace. */
export function TemplatesScreen() {
  const [isNew, setIsNew] = useState(false)
  const mayNot = useMay('templates:write')
  return (
    <Page
      title="Templates"
      lead="What programs fill with data and send by name. A version that was published never changes; what the preview shows is what is sent, byte for byte."
      actions={
        <Button look="main" onClick={() => setIsNew(true)} disabledReason={mayNot}>
          <PlusIcon /> New template
        </Button>
      }
    >
      <Guard scope="templates:read" what="the templates">
        <Templates />
      </Guard>
      {isNew && <NewTemplate onClose={() => setIsNew(false)} />}
    </Page>
  )
}

function Templates() {
  const { api } = useSession()
  const search = useSearch({ from: '/templates' })
  const navigate = useNavigate({ from: '/templates' })
  const query = useInfiniteQuery(templatesQueries.list(api, search))
  const isDeleted = search.deleted === 'true'
  return (
    <section className="rounded-lg border border-line bg-surface" aria-label="Templates">
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-3">
        <div className="flex min-w-48 flex-1">
          <SearchBox
            value={search.search ?? ''}
            onSearch={(text) =>
              void navigate({
                search: {
                  ...(text.trim() === '' ? {} : { search: text.trim() }),
                  ...(isDeleted ? { deleted: 'true' } : {}),
                },
                replace: true,
              })
            }
            label="Search templates"
            placeholder="Name or alias ( / )"
            hotkey
          />
        </div>
        <Button
          look="quiet"
          aria-pressed={isDeleted}
          onClick={() =>
            void navigate({
              search: ({ deleted: _before, ...others }) =>
                isDeleted ? others : { ...others, deleted: 'true' },
            })
          }
        >
          {isDeleted ? 'Show those in use' : 'Show deleted'}
        </Button>
      </div>
      <Listing
        query={query}
        label="templates"
        empty={<Nothing isDeleted={isDeleted} isSearched={search.search !== undefined} />}
      >
        {(rows) => (
          <DataTable
            label="Templates"
            rows={rows}
            rowKey={({ id }) => id}
            {...(isDeleted
              ? {}
              : {
                  linkTo: ({ id }: Template) =>
                    ({ to: '/templates/$templateId', params: { templateId: id } }) as const,
                })}
            columns={[
              { id: 'name', header: 'Name', cell: ({ name }) => name },
              {
                id: 'alias',
                header: 'Alias',
                hideBelow: 'md',
                cell: ({ alias, id }) => <code className="font-mono text-xs">{alias ?? id}</code>,
              },
              {
                id: 'dialect',
                header: 'Language',
                hideBelow: 'lg',
                cell: ({ dialect }) => DIALECT_NAMES[dialect],
              },
              { id: 'state', header: 'Sent', hideBelow: 'sm', cell: (row) => <StateOf template={row} /> },
              {
                id: 'updated',
                header: isDeleted ? 'Deleted' : 'Changed',
                hideBelow: 'sm',
                align: 'end',
                cell: ({ updatedAt, deletedAt }) => (
                  <Time at={deletedAt ?? updatedAt} className="whitespace-nowrap" />
                ),
              },
              ...(isDeleted
                ? [
                    {
                      id: 'restore',
                      header: '',
                      align: 'end',
                      cell: (row: Template) => <Restore template={row} />,
                    } as const,
                  ]
                : []),
            ]}
          />
        )}
      </Listing>
    </section>
  )
}

function StateOf({ template }: { readonly template: Template }) {
  const { activeVersion, newestVersion, newestState } = template
  return (
    <span className="flex flex-wrap gap-1">
      {activeVersion === null ? <Chip>nothing yet</Chip> : <Chip tone="ok">version {activeVersion}</Chip>}
      {newestState === 'draft' && <Chip tone="info">draft {newestVersion}</Chip>}
    </span>
  )
}

function Restore({ template }: { readonly template: Template }) {
  const { api } = useSession()
  const mayNot = useMay('templates:write')
  const act = useAct(() => api.templates.restore(template.id), {
    done: `${template.name} is back.`,
    refresh: ['templates'],
  })
  return (
    <span className="inline-flex flex-col items-end gap-1">
      <Button
        onClick={() => void act.run()}
        disabled={act.isBusy}
        disabledReason={mayNot}
        className="h-7 px-2"
      >
        Restore
      </Button>
      {act.failure !== undefined && (
        <span role="alert" className="text-xs text-bad">
          {act.failure}
        </span>
      )}
    </span>
  )
}

function Nothing({ isDeleted, isSearched }: { readonly isDeleted: boolean; readonly isSearched: boolean }) {
  if (isSearched)
    return <Empty title="No template has this name">Search for another part of its name or alias.</Empty>
  if (isDeleted)
    return (
      <Empty title="Nothing was deleted">
        A deleted template stands here for 30 days and can be restored.
      </Empty>
    )
  return (
    <Empty icon={<TemplateIcon className="size-6" />} title="No template yet">
      Write a mail once, with places for data. Programs then send it by its name, and you change its words
      without them.
    </Empty>
  )
}
