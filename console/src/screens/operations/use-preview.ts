import type { QueueActsPreviewInput } from '@bulkhead/sdk'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Lane } from '../../api/types.ts'
import { operationsQueries, useQueueCalls } from './operations-queries.ts'
import type { ActKind } from './queue-words.ts'

/** What an act is about, as its form has it; empty: no bound. */
export interface ActFilter {
  readonly lane: Lane | ''
  readonly site: string
  readonly provider: string
  readonly pool: string
  readonly tag: string
  readonly toDomain: string
  readonly fromDomain: string
  /** The last reply; not for a pause. */
  readonly reply: string
}

export interface ActForm {
  readonly act: ActKind
  readonly filter: ActFilter
  /** Of a pause, in hours; 0: until it is resumed. */
  readonly pauseHours: number
  /** Of expire, in seconds. */
  readonly graceSeconds: number
  /** Of requeue, in seconds. */
  readonly spreadSeconds: number
  /** When the form was opened: a pause ends so long after. */
  readonly openedAtMs: number
}

function one(written: string): readonly [string] | undefined {
  const text = written.trim()
  return text === '' ? undefined : [text]
}

/** The form as the API takes it. */
export function wantedOf(form: ActForm): QueueActsPreviewInput {
  const { act, filter } = form
  return {
    act,
    filter: {
      ...(filter.lane === '' ? {} : { lanes: [filter.lane] }),
      sites: one(filter.site),
      providers: one(filter.provider),
      pools: one(filter.pool),
      tags: one(filter.tag),
      domains: one(filter.toDomain),
      fromDomains: one(filter.fromDomain),
      replies: act === 'pause' ? undefined : one(filter.reply),
    },
    ...(act === 'pause' && form.pauseHours > 0
      ? { until: new Date(form.openedAtMs + form.pauseHours * 3_600_000).toISOString() }
      : {}),
    ...(act === 'expire' ? { graceSeconds: form.graceSeconds } : {}),
    ...(act === 'requeue' ? { spreadSeconds: form.spreadSeconds } : {}),
  }
}

const TYPING_MS = 350

/** What the act would touch, asked again when the typing pauses. `isCurrent`: it is about what the form says now. */
export function usePreview(form: ActForm) {
  const calls = useQueueCalls()
  const [asked, setAsked] = useState(form)
  useEffect(() => {
    if (form === asked) return
    const timer = setTimeout(() => setAsked(form), TYPING_MS)
    return () => clearTimeout(timer)
  }, [form, asked])
  const preview = useQuery(operationsQueries.preview(calls, wantedOf(asked)))
  return { preview, isCurrent: form === asked && !preview.isFetching }
}
