import { Link } from '@tanstack/react-router'
import { useAccess } from '../session/access.ts'
import { LockIcon } from '../ui/icons.tsx'
import { Time } from '../ui/time.tsx'

/** On every page while something is cut off: what, why, until when. Somebody who meets a refusal knows where it comes from. */
export function ContainedBanner() {
  const { containments, can } = useAccess()
  const [first] = containments
  if (first === undefined) return null
  const words = [...new Set(containments.flatMap(({ capabilities }) => capabilities))].join(', ')
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-bad-soft px-4 py-2 text-sm text-bad"
    >
      <LockIcon className="size-4 shrink-0" />
      <p className="min-w-0 flex-1 basis-64">
        <b className="font-semibold">
          {containments.length === 1 ? 'A containment is' : `${containments.length} containments are`} in
          force: {words}.
        </b>{' '}
        “{first.reason}” until <Time at={first.until} />.
      </p>
      {can('containments:read') && (
        <Link to="/security/containment" className="font-medium underline">
          See and lift
        </Link>
      )}
    </div>
  )
}
