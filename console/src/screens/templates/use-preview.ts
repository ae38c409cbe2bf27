import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { TemplatePreview } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import type { Draft } from './use-draft.ts'

const TYPING_MS = 400

/** What the text becomes with the data, rendered by the server a moment after the last key: by the same program that renders what is sent. */
export function usePreview(draft: Draft): UseQueryResult<TemplatePreview> {
  const { api } = useSession()
  const [asked, setAsked] = useState(draft.input)
  const wanted = draft.input === null ? null : JSON.stringify(draft.input)
  useEffect(() => {
    if (draft.input === null) return
    const timer = setTimeout(() => setAsked(draft.input), TYPING_MS)
    return () => clearTimeout(timer)
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the text says whether it is another
  }, [wanted])
  return useQuery({
    queryKey: ['template-preview', asked],
    queryFn: ({ signal }) => {
      if (asked === null) throw new Error('The sample data cannot be read.')
      const { sampleData, ...content } = asked
      return api.templates.preview({ ...content, data: sampleData }, { signal })
    },
    enabled: asked !== null,
    placeholderData: (before) => before,
    gcTime: 0,
    refetchOnWindowFocus: false,
  })
}
