import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Button } from '../../ui/button.tsx'
import { linkLook } from '../../ui/link.ts'
import { Page } from '../../ui/page.tsx'
import type { MutationAct } from '../../ui/use-mutation-act.ts'
import type { CredentialKind } from './credential-kinds.ts'

/** The page of a new credential: the form and its button, and then what was made. */
export function NewCredential({
  kind,
  thing,
  lead,
  act,
  mayNot,
  made,
  children,
}: {
  readonly kind: CredentialKind
  /** As in "Make the …". */
  readonly thing: string
  readonly lead: string
  readonly act: MutationAct<void>
  /** Why it cannot be made. */
  readonly mayNot: string | undefined
  /** Shown instead, once there is something. */
  readonly made: ReactNode
  readonly children: ReactNode
}) {
  const back = (
    <Link to={kind.path} className={linkLook}>
      {kind.many}
    </Link>
  )
  if (made !== undefined)
    return (
      <Page title={`The ${thing} is made`} back={back} width="reading">
        {made}
      </Page>
    )
  return (
    <Page title={`New ${kind.one}`} lead={lead} back={back} width="reading">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void act.run()
        }}
        className="flex flex-col gap-4"
      >
        {children}
        {act.failure !== undefined && (
          <p role="alert" className="text-sm text-bad">
            {act.failure}
          </p>
        )}
        <div>
          <Button type="submit" look="main" disabled={act.isBusy} disabledReason={mayNot}>
            {act.isBusy ? 'Making it…' : `Make the ${thing}`}
          </Button>
        </div>
      </form>
    </Page>
  )
}
