import { useState } from 'react'
import type { SmtpCredentialsCreateOutput } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Field } from '../../ui/field.tsx'
import { useMay } from '../../ui/guard.tsx'
import { Panel } from '../../ui/panel.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { BoundsFields, boundsInput, NO_BOUNDS } from './bounds-fields.tsx'
import { SMTP_CREDENTIALS } from './credential-kinds.ts'
import { NewCredential } from './new-credential.tsx'
import { MadeSmtp } from './smtp-use.tsx'

/** The form for a new SMTP credential, and its password once it is made. */
export function NewSmtp() {
  const { api } = useSession()
  const mayNotWrite = useAllowed('smtp-credentials:write', 'credential')
  // What sends for somebody is made by somebody who may send.
  const mayNotSend = useMay('messages:send')
  const [name, setName] = useState('')
  const [bounds, setBounds] = useState(NO_BOUNDS)
  const [made, setMade] = useState<SmtpCredentialsCreateOutput>()
  const act = useAct(
    async () => setMade(await api.smtpCredentials.create({ name, ...boundsInput(bounds) })),
    {
      refresh: ['smtp-credentials'],
    },
  )
  return (
    <NewCredential
      kind={SMTP_CREDENTIALS}
      thing="credential"
      lead="A user name and a password for a program that speaks SMTP. It sends, and can do nothing else."
      act={act}
      mayNot={mayNotWrite ?? mayNotSend}
      made={made && <MadeSmtp made={made} />}
    >
      <Panel title="The credential">
        <div className="p-4">
          <Field
            label="Name"
            name="name"
            required
            maxLength={200}
            autoFocus
            placeholder="wordpress, blog"
            value={name}
            onChange={(event) => setName(event.target.value)}
            hint="The program and where it runs. User name and password are generated."
          />
          <BoundsFields bounds={bounds} onChange={setBounds} />
        </div>
      </Panel>
    </NewCredential>
  )
}
