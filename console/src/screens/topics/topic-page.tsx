import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import type { Topic } from '@bulkhead/sdk'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { CodeBlock } from '../../ui/code-block.tsx'
import { EditAndDelete } from '../../ui/edit-and-delete.tsx'
import { Facts } from '../../ui/facts.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { TopicForm } from './topic-form.tsx'
import { TopicLeft } from './topic-left.tsx'
import { topicQueries } from './topics-queries.ts'

/** One topic: what it is called, how mail names it, who has left it. */
export function TopicPage({ id, email }: { readonly id: string; readonly email: string | undefined }) {
  const { api } = useSession()
  const navigate = useNavigate()
  const query = useQuery(topicQueries.one(api, id))
  const onSearch = useCallback(
    (text: string) =>
      void navigate({
        to: '/topics',
        search: text.trim() === '' ? { id } : { id, email: text.trim() },
        replace: true,
      }),
    [navigate, id],
  )
  return (
    <Page
      title={query.data?.name ?? 'Topic'}
      lead={query.data?.description === '' ? undefined : query.data?.description}
      back={
        <Link to="/topics" className={linkLook}>
          Topics
        </Link>
      }
      actions={query.data !== undefined && <Acts topic={query.data} />}
    >
      <Loaded query={query} label="the topic">
        {(topic) => (
          <>
            <Panel title="What it is">
              <Facts
                rows={[
                  ['Number', `${topic.number}, by which programs of other vendors name it`],
                  ['Default', topic.isDefault ? 'yes: messages may say “default”' : 'no'],
                  ['Have left', leftInWords(topic.left)],
                  ['Made', <Time key="made" at={topic.createdAt} />],
                  ['Id', <code key="id">{topic.id}</code>],
                ]}
              />
              <div className="p-4">
                <p className="mb-1.5 text-sm">A message belongs to it by:</p>
                <CodeBlock label="In a message" shown={`"topic": "${topic.id}"`} />
              </div>
            </Panel>
            <TopicLeft topic={topic} email={email} onSearch={onSearch} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

/** It is counted to 100,000. */
export function leftInWords(left: number): string {
  return left >= 100_000 ? '100,000 or more' : formatCount(left)
}

function Acts({ topic }: { readonly topic: Topic }) {
  const { api } = useSession()
  const navigate = useNavigate()
  const mayNot = useAllowed('suppressions:write', 'write')
  const remove = useAct(
    async () => {
      await api.topics.delete(topic.id)
      await navigate({ to: '/topics' })
    },
    { done: `${topic.name} is gone.`, refresh: ['topics'] },
  )
  return (
    <EditAndDelete
      mayNot={mayNot}
      form={(close) => <TopicForm topic={topic} onClose={close} />}
      title={`Delete ${topic.name}?`}
      action="Delete it"
      onDelete={() => remove.orThrow()}
    >
      Messages that name it are refused. What still waits of it keeps to who had left; whoever unsubscribes
      from it later gets no bulk mail at all, because nothing narrower is there any more.
    </EditAndDelete>
  )
}
