import type { AccountGetOutput } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'

/** Somebody says that all second factors of this person are lost, while the person is signed in. */
export function OwnRecovery({ recovery }: { readonly recovery: NonNullable<AccountGetOutput['recovery']> }) {
  const { api } = useSession()
  const stop = useAct(() => api.account.cancelOwnRecovery(), {
    done: 'The recovery is stopped.',
    refresh: ['account'],
  })
  return (
    <Note tone="bad" title="A recovery of your account is under way">
      <p className="mb-2">
        Somebody says that all your second factors are lost, and may add new ones from{' '}
        <Time at={recovery.readyAt} /> on, once others vouch. You are signed in, so it is likely not yours:
        stop it, and look after your mailbox.
      </p>
      <Button look="danger" disabled={stop.isBusy} onClick={() => void stop.run()}>
        Stop it
      </Button>
      <p className="mt-2 text-bad empty:hidden">{stop.failure ?? ''}</p>
    </Note>
  )
}
