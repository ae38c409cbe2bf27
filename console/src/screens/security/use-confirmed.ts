import { useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import { useToast } from '../../ui/toast.tsx'

/** For a Confirm, which shows failures itself: does the work, says `done` in a corner and asks again what `refresh` names. */
export function useConfirmed(): (
  work: () => Promise<unknown>,
  after: { readonly done: string; readonly refresh: readonly string[] },
) => Promise<void> {
  const client = useQueryClient()
  const toast = useToast()
  return useCallback(
    async (work, { done, refresh }) => {
      try {
        await work()
        toast(done)
      } finally {
        for (const noun of refresh) void client.invalidateQueries({ queryKey: [noun] })
      }
    },
    [client, toast],
  )
}
