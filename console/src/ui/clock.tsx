import { createContext, use, useMemo, useState, type ReactNode } from 'react'
import { oneOf } from '../search-values.ts'

/** In which clock times are shown: the reader's own, or that of logs and other people. */
export const CLOCKS = ['local', 'utc'] as const
export type Clock = (typeof CLOCKS)[number]

interface ChosenClock {
  readonly clock: Clock
  readonly choose: (clock: Clock) => void
}

const NAME = 'bulkhead.clock'
const Chosen = createContext<ChosenClock>({ clock: 'local', choose: () => undefined })

/** One choice for every screen; it is kept in the browser. */
export function ClockProvider({ children }: { readonly children: ReactNode }) {
  const [clock, setClock] = useState<Clock>(remembered)
  const chosen = useMemo(
    () => ({
      clock,
      choose: (next: Clock) => {
        setClock(next)
        try {
          localStorage.setItem(NAME, next)
        } catch {
          // Storage may be denied; the choice then lives until the page is reloaded.
        }
      },
    }),
    [clock],
  )
  return <Chosen value={chosen}>{children}</Chosen>
}

export function useClock(): ChosenClock {
  return use(Chosen)
}

function remembered(): Clock {
  try {
    return oneOf(CLOCKS, localStorage.getItem(NAME)) ?? 'local'
  } catch {
    return 'local'
  }
}
