import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { DialectSelect } from './dialect-select.tsx'
import { startersIn, type Dialect } from './dialects.ts'

/** Name, alias and what to begin with; the editor does the rest. */
export function NewTemplate({ onClose }: { readonly onClose: () => void }) {
  const { api } = useSession()
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [alias, setAlias] = useState<string>()
  const [dialect, setDialect] = useState<Dialect>('liquid')
  const [at, setAt] = useState(0)
  const starters = startersIn(dialect)
  const proposed = alias ?? aliasOf(name)
  const act = useAct(
    async () => {
      const { name: _name, ...content } = starters[at] ??
        starters[0] ?? { name: '', subject: '', html: null, text: '' }
      const made = await api.templates.create({
        name: name.trim(),
        dialect,
        ...(proposed === '' ? {} : { alias: proposed }),
        ...content,
      })
      await navigate({ to: '/templates/$templateId', params: { templateId: made.id } })
    },
    {
      done: 'A first draft is there. Nothing is sent with it until it is published.',
      refresh: ['templates'],
    },
  )
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void act.run()
  }
  return (
    <Dialog title="New template" onClose={onClose}>
      <form onSubmit={submit}>
        <Field
          label="Name"
          name="name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          required
          maxLength={200}
          autoFocus
          hint="For people."
        />
        <Field
          label="Alias (optional)"
          name="alias"
          value={proposed}
          onChange={(event) => setAlias(event.target.value)}
          maxLength={64}
          hint="By which programs call it; it can be changed later."
          problem={act.failure}
        />
        <div className="flex flex-col gap-4">
          <DialectSelect
            dialect={dialect}
            onChange={(chosen) => {
              setDialect(chosen)
              setAt(0)
            }}
          />
          <Select
            label="Begin with"
            value={String(at)}
            onChange={(event) => setAt(Number(event.target.value))}
          >
            {starters.map((starter, place) => (
              <option key={starter.name} value={String(place)}>
                {starter.name}
              </option>
            ))}
          </Select>
        </div>
        <div className="mt-5 flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" disabled={act.isBusy || name.trim() === ''}>
            {act.isBusy ? 'Making it…' : 'Make the template'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** "Order shipped!" → `order-shipped`. */
function aliasOf(name: string): string {
  return name
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 64)
    .replaceAll(/^-+|-+$/g, '')
}
