import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'

/** A link named something that the list does not hold now: a filter hides it, it is further back, or it is gone. */
export function LinkedMissing({
  what,
  more,
  isLoading,
}: {
  /** As in "The … of this link". */
  readonly what: string
  /** How to see more; undefined where all is shown. */
  readonly more: { readonly label: string; readonly show: () => void } | undefined
  readonly isLoading: boolean
}) {
  return (
    <Note tone="info" title={`The ${what} of this link is not among those shown`}>
      {more === undefined ? (
        'All that are on record are shown below.'
      ) : (
        <div className="mt-1.5">
          <Button onClick={more.show} disabled={isLoading}>
            {isLoading ? 'Loading…' : more.label}
          </Button>
        </div>
      )}
    </Note>
  )
}
