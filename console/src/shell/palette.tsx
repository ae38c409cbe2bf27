import { useNavigate } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useAccess } from '../session/access.ts'
import { useSession } from '../session/session.ts'
import { MessagesIcon, MoonIcon, PeopleIcon, SignOutIcon } from '../ui/icons.tsx'
import { ACCOUNT_PLACE, placesFor } from './places.ts'
import { useTheme } from './theme.ts'

const MESSAGE_ID = /^msg_[0-9a-z]{20,40}$/
const ADDRESS = /^[^\s@]+@[^\s@]+$/

/** Goes anywhere by a few letters: places, a message by its id, mail by its recipient, workspaces, the theme. */
export function Palette({ onClose }: { readonly onClose: () => void }) {
  const element = useRef<HTMLDialogElement>(null)
  const [text, setText] = useState('')
  const access = useAccess()
  const { person, signOut } = useSession()
  const { toggle } = useTheme()
  const navigate = useNavigate()
  useEffect(() => {
    element.current?.showModal()
  }, [])
  const then = (act: () => unknown) => (): void => {
    onClose()
    void act()
  }
  const wanted = text.trim()
  const groups = placesFor(access)
  return (
    <dialog
      ref={element}
      aria-label="Go to or search"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === element.current) onClose()
      }}
      className="mt-[12vh] w-[min(36rem,calc(100vw-2rem))] rounded-lg border border-line bg-surface p-0 text-ink shadow-xl"
    >
      <Command label="Go to or search" loop>
        <Command.Input
          autoFocus
          value={text}
          onValueChange={setText}
          placeholder="A page, a message id, a recipient…"
          className="h-12 w-full rounded-t-lg border-b border-line bg-transparent px-4 text-base outline-none placeholder:text-muted"
        />
        <Command.List className="max-h-[50vh] overflow-y-auto p-2">
          <Command.Empty className="px-3 py-6 text-center text-sm text-muted">
            Nothing has this name.
          </Command.Empty>
          {access.can('messages:read') && MESSAGE_ID.test(wanted) && (
            <Item
              value={wanted}
              icon={<MessagesIcon />}
              onSelect={then(() => navigate({ to: '/messages/$messageId', params: { messageId: wanted } }))}
            >
              Open message {wanted}
            </Item>
          )}
          {access.can('messages:read') && ADDRESS.test(wanted) && (
            <Item
              value={wanted}
              icon={<MessagesIcon />}
              onSelect={then(() => navigate({ to: '/messages', search: { recipient: wanted } }))}
            >
              Mail to {wanted}
            </Item>
          )}
          {groups.map(({ title, places }) => (
            <Command.Group key={title ?? 'top'} heading={title ?? 'Go to'} className="palette-group">
              {places.map(({ to, label, words, icon: Icon }) => (
                <Item
                  key={label}
                  value={`${label} ${title ?? ''}`}
                  keywords={words.split(' ')}
                  icon={<Icon />}
                  onSelect={then(() => navigate({ to }))}
                >
                  {label}
                </Item>
              ))}
            </Command.Group>
          ))}
          <Command.Group heading="You" className="palette-group">
            {person !== null && (
              <Item
                value={ACCOUNT_PLACE.label}
                keywords={ACCOUNT_PLACE.words.split(' ')}
                icon={<ACCOUNT_PLACE.icon />}
                onSelect={then(() => navigate({ to: ACCOUNT_PLACE.to }))}
              >
                {ACCOUNT_PLACE.label}
              </Item>
            )}
            {person?.account.workspaces
              .filter(({ id }) => id !== person.workspace)
              .map(({ id, name }) => (
                <Item
                  key={id}
                  value={`Workspace ${name} ${id}`}
                  icon={<PeopleIcon />}
                  onSelect={then(() => person.chooseWorkspace(id))}
                >
                  Work in {name}
                </Item>
              ))}
            <Item
              value="Switch theme"
              keywords={['dark', 'light']}
              icon={<MoonIcon />}
              onSelect={then(toggle)}
            >
              Switch between light and dark
            </Item>
            <Item
              value="Sign out"
              keywords={['log', 'leave']}
              icon={<SignOutIcon />}
              onSelect={then(signOut)}
            >
              Sign out
            </Item>
          </Command.Group>
        </Command.List>
      </Command>
    </dialog>
  )
}

function Item({
  value,
  keywords = [],
  icon,
  onSelect,
  children,
}: {
  readonly value: string
  readonly keywords?: readonly string[]
  readonly icon: ReactNode
  readonly onSelect: () => void
  readonly children: ReactNode
}) {
  return (
    <Command.Item
      value={value}
      keywords={[...keywords]}
      onSelect={onSelect}
      className="flex h-9 cursor-pointer items-center gap-3 rounded-md px-3 text-sm data-[selected=true]:bg-accent-soft data-[selected=true]:text-accent"
    >
      {icon}
      <span className="min-w-0 truncate">{children}</span>
    </Command.Item>
  )
}
