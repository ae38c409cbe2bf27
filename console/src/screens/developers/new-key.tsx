import { useState } from 'react'
import type { ApiKeysCreateOutput } from '@bulkhead/sdk'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Field, Select } from '../../ui/field.tsx'
import { Panel } from '../../ui/panel.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { BoundsFields, boundsInput, NO_BOUNDS } from './bounds-fields.tsx'
import { API_KEYS } from './credential-kinds.ts'
import { DoorChoice } from './door-choice.tsx'
import type { Door } from './doors.ts'
import { MadeKey } from './made-key.tsx'
import { NewCredential } from './new-credential.tsx'
import { ScopePicker } from './scope-picker.tsx'
import { scopesOf, type KeyScope, type Preset } from './scopes.ts'

const LEAKS = {
  by_scope: 'End it at once, unless it can only send (default)',
  revoke: 'End it at once',
  tighten: 'Let it go on for 72 hours where it worked before',
} as const
type OnLeak = keyof typeof LEAKS

/** The form for a new key, and the key once it is made. */
export function NewKey() {
  const { api } = useSession()
  const { can } = useAccess()
  const mayNot = useAllowed('api-keys:write', 'credential')
  const [name, setName] = useState('')
  const [door, setDoor] = useState<Door>()
  const [preset, setPreset] = useState<Preset>('send')
  const [scopes, setScopes] = useState<readonly KeyScope[]>(() => scopesOf('send', can))
  const [bounds, setBounds] = useState(NO_BOUNDS)
  const [onLeak, setOnLeak] = useState<OnLeak>('by_scope')
  const [made, setMade] = useState<ApiKeysCreateOutput>()
  const act = useAct(
    async () =>
      setMade(
        await api.apiKeys.create({
          name,
          scopes,
          onLeak,
          ...(door === undefined ? {} : { door }),
          ...boundsInput(bounds),
        }),
      ),
    { refresh: ['api-keys'] },
  )
  return (
    <NewCredential
      kind={API_KEYS}
      thing="key"
      lead="Make one for each program, with no more than it needs: when one leaks, only that one has to go."
      act={act}
      mayNot={mayNot ?? (scopes.length === 0 ? 'Choose what the key may do.' : undefined)}
      made={made && <MadeKey made={made} />}
    >
      <Panel title="The key">
        <div className="p-4">
          <Field
            label="Name"
            name="name"
            required
            maxLength={200}
            autoFocus
            placeholder="shop, production"
            value={name}
            onChange={(event) => setName(event.target.value)}
            hint="The program and where it runs; you will look for it in a list one day."
          />
          <DoorChoice door={door} onChange={setDoor} />
          <ScopePicker
            preset={preset}
            scopes={scopes}
            onChange={(next, chosen) => {
              setPreset(next)
              setScopes(chosen)
            }}
          />
        </div>
      </Panel>
      <Panel title="Bounds" lead="What the key cannot do, whoever holds it.">
        <div className="p-4">
          <BoundsFields bounds={bounds} onChange={setBounds} />
          <Select
            label="When somebody reports that it leaked"
            value={onLeak}
            onChange={(event) => {
              const chosen = event.target.value
              if (isOnLeak(chosen)) setOnLeak(chosen)
            }}
          >
            {Object.entries(LEAKS).map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </Select>
        </div>
      </Panel>
    </NewCredential>
  )
}

function isOnLeak(text: string): text is OnLeak {
  return Object.hasOwn(LEAKS, text)
}
