import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Guard } from '../../ui/guard.tsx'
import { PlusIcon, TopicIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing, Loaded } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel, Row } from '../../ui/panel.tsx'
import { SearchBox } from '../../ui/search-box.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { TopicForm } from './topic-form.tsx'
import { leftInWords, TopicPage } from './topic-page.tsx'
import { topicQueries } from './topics-queries.ts'
import { isWholeAddress } from './topics-search.ts'

/** What mail is about, and who has left what: the list, or one of them. */
export function TopicsScreen() {
  const { id, email } = useSearch({ from: '/topics' })
  return (
    <Guard scope="suppressions:read" what="the topics" title="Topics">
      {id === undefined ? <Topics email={email} /> : <TopicPage key={id} id={id} email={email} />}
    </Guard>
  )
}

function Topics({ email }: { readonly email: string | undefined }) {
  const { api } = useSession()
  const navigate = useNavigate()
  const query = useInfiniteQuery(topicQueries.list(api))
  const mayNot = useAllowed('suppressions:write', 'write')
  const [isNew, setIsNew] = useState(false)
  const onSearch = useCallback(
    (text: string) =>
      void navigate({
        to: '/topics',
        search: text.trim() === '' ? {} : { email: text.trim() },
        replace: true,
      }),
    [navigate],
  )
  return (
    <Page
      title="Topics"
      lead="What mail is about. Who unsubscribes from a message of a topic leaves that topic, and goes on getting everything else."
      actions={
        <Button look="main" onClick={() => setIsNew(true)} disabledReason={mayNot}>
          <PlusIcon className="size-3.5" /> New topic
        </Button>
      }
    >
      <div className="flex">
        <SearchBox
          value={email ?? ''}
          onSearch={onSearch}
          label="Topics of an address"
          placeholder="Which topics does an address get? ann@example.com"
          hotkey
        />
      </div>
      {email !== undefined && !isWholeAddress(email) && (
        <p className="text-sm text-muted">
          Write the whole address. Addresses are kept sealed, so that parts of them cannot be searched.
        </p>
      )}
      {email !== undefined && isWholeAddress(email) && <OfAddress email={email} />}
      <div className="rounded-lg border border-line bg-surface">
        <Listing
          query={query}
          label="topics"
          empty={
            <Empty icon={<TopicIcon className="size-6" />} title="No topics yet">
              Make one for each kind of mail that people may want to leave by itself: news, receipts, the
              weekly digest.
            </Empty>
          }
        >
          {(rows) => (
            <DataTable
              label="Topics"
              rows={rows}
              rowKey={(row) => row.id}
              linkTo={(row) => ({ to: '/topics', search: { id: row.id } })}
              columns={[
                { id: 'name', header: 'Name', cell: (row) => row.name },
                {
                  id: 'description',
                  header: 'Description',
                  hideBelow: 'md',
                  cell: (row) => row.description || '–',
                },
                { id: 'number', header: 'Number', hideBelow: 'sm', align: 'end', cell: (row) => row.number },
                {
                  id: 'left',
                  header: 'Have left',
                  hideBelow: 'sm',
                  align: 'end',
                  cell: (row) => leftInWords(row.left),
                },
                {
                  id: 'default',
                  header: 'Default',
                  hideBelow: 'sm',
                  cell: (row) => (row.isDefault ? <Chip tone="accent">default</Chip> : '–'),
                },
                { id: 'at', header: 'Changed', hideBelow: 'md', cell: (row) => <Time at={row.updatedAt} /> },
              ]}
            />
          )}
        </Listing>
      </div>
      {isNew && <TopicForm onClose={() => setIsNew(false)} />}
    </Page>
  )
}

/** All topics as one address has them. */
function OfAddress({ email }: { readonly email: string }) {
  const { api } = useSession()
  const query = useQuery(topicQueries.ofAddress(api, email))
  return (
    <Panel title={`What ${email} gets`}>
      <Loaded query={query} label="the topics of the address" rows={2}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="p-4 text-sm text-muted">There are no topics.</p>
          ) : (
            <ul>
              {data.map((topic) => (
                <Row
                  key={topic.id}
                  title={
                    <Link to="/topics" search={{ id: topic.id, email }} className={linkLook}>
                      {topic.name}
                    </Link>
                  }
                  action={
                    topic.leftAt === null ? (
                      <Chip tone="ok">gets it</Chip>
                    ) : (
                      <span className="text-xs text-muted">
                        <Chip tone="warn">left</Chip> <Time at={topic.leftAt} />
                      </span>
                    )
                  }
                />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  )
}
