import { useSession, type LiveState } from '../session/session.ts'
import { cx } from '../ui/cx.ts'

const WORDS: Readonly<Record<LiveState, { readonly text: string; readonly why: string }>> = {
  connecting: { text: 'Connecting', why: 'Opening the live stream.' },
  live: { text: 'Live', why: 'What happens is shown as it happens.' },
  interrupted: {
    text: 'Reconnecting',
    why: 'The live stream broke off; what is shown may be some seconds old.',
  },
  refused: { text: 'Not live', why: 'Your key may not read the live stream; reload to see news.' },
}

/** Whether what the page shows is fresh. */
export function LiveMark() {
  const { live } = useSession()
  const { text, why } = WORDS[live]
  return (
    <span role="status" title={why} className="mr-1 flex items-center gap-1.5 text-xs text-muted">
      <span
        aria-hidden="true"
        className={cx(
          'size-2 rounded-full',
          live === 'live' ? 'bg-ok' : live === 'connecting' ? 'bg-line-strong' : 'bg-warn',
        )}
      />
      <span className="sr-only sm:not-sr-only">{text}</span>
    </span>
  )
}
