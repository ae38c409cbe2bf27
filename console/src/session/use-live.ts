import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Api } from '../api/client.ts'
import { isSignedOut } from '../api/problem.ts'
import { pause } from '../pause.ts'
import { createRefresher } from './refresher.ts'
import type { LiveState } from './session.ts'

const GATHER_MS = 250
const RETRY_MS = 4_000
/** What events touch, and how often it is asked again under a flood. Counting the whole ledger costs more than a page of a list. */
const AFFECTED = [
  ['messages', 1_000],
  ['inbox', 1_000],
  ['ledger', 3_000],
  ['queue', 3_000],
  ['statistics', 5_000],
] as const

/** Keeps what is on the screen fresh by the stream of events. After a break everything is asked again: events may be older than the log. */
export function useLive(api: Api, onSignedOut: () => void): LiveState {
  const client = useQueryClient()
  const [state, setState] = useState<LiveState>('connecting')
  useEffect(() => {
    const ended = new AbortController()
    const refreshers = AFFECTED.map(([noun, intervalMs]) =>
      createRefresher({
        intervalMs,
        gatherMs: GATHER_MS,
        isBusy: () => client.isFetching({ queryKey: [noun] }) > 0,
        refresh: () => client.invalidateQueries({ queryKey: [noun] }),
      }),
    )
    const refresh = (): void => {
      for (const refresher of refreshers) refresher.news()
    }
    const follow = async (): Promise<void> => {
      const events = api.events.stream({
        signal: ended.signal,
        onConnection: (connection) => {
          setState(connection === 'connected' ? 'live' : 'interrupted')
          if (connection === 'connected') refresh()
        },
      })
      for await (const _ of events) refresh()
    }
    const keepFollowing = async (): Promise<void> => {
      while (!ended.signal.aborted) {
        try {
          await follow()
        } catch (error) {
          if (ended.signal.aborted) return
          if (isSignedOut(error)) return onSignedOut()
          setState(isRefusal(error) ? 'refused' : 'interrupted')
          if (isRefusal(error)) return
          await pause(RETRY_MS, ended.signal)
        }
      }
    }
    void keepFollowing()
    return () => {
      ended.abort()
      for (const refresher of refreshers) refresher.stop()
    }
  }, [api, client, onSignedOut])
  return state
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'status' in error && error.status === 403
}
