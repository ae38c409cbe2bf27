import { Failure, LoadingRows } from '../ui/states.tsx'

/** While the file of a screen is on its way. */
export function ScreenLoading() {
  return (
    <div className="mx-auto max-w-6xl p-4 sm:p-6">
      <LoadingRows label="Loading the page" />
    </div>
  )
}

/** A screen that could not be loaded or stumbled. After an update of the server old pages miss their files: reloading helps. */
export function ScreenFailure({ error }: { readonly error: unknown }) {
  return <Failure error={error} onRetry={() => location.reload()} />
}
