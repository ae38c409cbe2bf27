import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Domain } from '@bulkhead/sdk'
import { describeFailure } from '../../api/problem.ts'
import { useSession } from '../../session/session.ts'
import { domainQueries } from './domains-queries.ts'

/** New records take minutes to appear anyway, and each check stands in the audit log. */
const EVERY_MS = 30_000
/** Half an hour; whoever forgot the page open asks DNS no further. The server goes on looking by itself. */
const TIMES_MAX = 60

/**
 * Asks DNS for the records of a domain: at once where somebody wants it, and every 30 seconds while `wants` holds, the page is to be seen
 * and it is allowed.
 */
export function useLiveCheck(id: string, wants: boolean) {
  const { api } = useSession()
  const client = useQueryClient()
  const [times, setTimes] = useState(0)
  const checking = useMutation({
    mutationFn: () => api.domains.verify(id),
    onSuccess: (domain: Domain) => {
      client.setQueryData(domainQueries.one(api, id).queryKey, domain)
      void client.invalidateQueries({ queryKey: ['domains', 'list'] })
    },
  })
  const { mutate } = checking
  const isLooking = wants && times < TIMES_MAX
  useEffect(() => {
    if (!isLooking) return
    const timer = setTimeout(() => {
      if (document.visibilityState === 'visible') mutate()
      setTimes((count) => count + 1)
    }, EVERY_MS)
    return () => clearTimeout(timer)
  }, [isLooking, times, mutate])
  return {
    checkNow: () => mutate(),
    isChecking: checking.isPending,
    isLooking,
    failure: checking.error === null ? undefined : describeFailure(checking.error).detail,
  }
}
